"""The manifest: what this connector is, needs and offers.

A host grants from it, and a platform draws its forms from it.
"""

import json

from wit_world.exports import manifest as wit
from wit_world.imports.transload_connector_types import ChangeKind

from notes import BASE_URL, VERSION

NOTE_ORDER = "note-order"

# The key that GoHighLevel publishes for `x-ghl-signature`, in its Webhook Integration Guide.
PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=
-----END PUBLIC KEY-----
"""

DIALECT = "https://json-schema.org/draft/2020-12/schema"

ORDER_ID = {
    "type": "string",
    "minLength": 1,
    "maxLength": 50,
    "title": "Order",
    "description": "GoHighLevel's id of the order",
}

SETTINGS = {
    "$schema": DIALECT,
    "title": "{{name}}",
    "type": "object",
    "additionalProperties": False,
    "required": ["location_id"],
    "properties": {
        "location_id": {
            "type": "string",
            "minLength": 1,
            "title": "Location",
            "description": "GoHighLevel's id of the location (sub-account)",
            "examples": ["ve9EPM428h8vShlRW1KT"],
        },
        "text": {
            "type": "string",
            "minLength": 1,
            "title": "Note",
            "description": "What the note says; {order} stands for the order's id, {total} for its total",
            "default": "New order {order}: {total}",
        },
        "minimum_total": {
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)?$",
            "title": "Minimum total",
            "description": "Orders below it get no note; in the order's own currency",
            "default": "0",
            "examples": ["49.90"],
        },
    },
}


def read(path: str, scope: str) -> wit.Endpoint:
    """A call that changes nothing."""
    return wit.Endpoint(wit.Method.GET, path, None, scope, wit.Access.READ, wit.InDoubt.RESEND)


ENDPOINTS = [
    read("/payments/orders/{orderId}", "payments/orders.readonly"),
    read("/payments/orders", "payments/orders.readonly"),
    read("/contacts/{contactId}/notes", "contacts.readonly"),
    # It takes no idempotency key: after a lost answer, the notes are looked at before it is sent again.
    wit.Endpoint(
        wit.Method.POST,
        "/contacts/{contactId}/notes",
        None,
        "contacts.write",
        wit.Access.WRITE,
        wit.InDoubt.VERIFY,
    ),
]

GHL = wit.Api(
    name="ghl",
    title="GoHighLevel",
    base_url=BASE_URL,
    credential=wit.Credential_Bearer(),
    version_header=wit.PinnedHeader("Version", VERSION),
    endpoints=ENDPOINTS,
    rates=[wit.Rate(100, 10_000), wit.Rate(200_000, 86_400_000)],
    idempotency_header=None,
    webhook=wit.Webhook(
        signatures=[wit.Signature_Ed25519("x-ghl-signature")],
        public_keys=[PUBLIC_KEY],
        delivery_id=wit.DeliveryId_Body("/webhookId"),
    ),
)

ORDERS = wit.Trigger(
    name="orders",
    title="An order was placed",
    origin=wit.Origin_Webhook("ghl"),
    yields=ChangeKind.ORDER,
    history=False,
    output_schema=json.dumps(
        {"$schema": DIALECT, "type": "object", "required": ["id"], "properties": {"id": ORDER_ID}}
    ),
    sample='{"id":"660ed43bfdf9fc05a0de7a40"}',
)

ACTION = wit.Action(
    name=NOTE_ORDER,
    title="Note an order on its contact",
    access=wit.Access.WRITE,
    subject="/order_id",
    input_schema=json.dumps(
        {
            "$schema": DIALECT,
            "type": "object",
            "additionalProperties": False,
            "required": ["order_id"],
            "properties": {"order_id": ORDER_ID},
        }
    ),
    output_schema=json.dumps(
        {
            "$schema": DIALECT,
            "type": "object",
            "additionalProperties": False,
            "required": ["done", "message"],
            "properties": {
                "done": {"type": "boolean", "description": "Whether the contact has the note now"},
                "message": {"type": "string", "description": "The note, or why there is none"},
            },
        }
    ),
    sample='{"order_id":"660ed43bfdf9fc05a0de7a40"}',
)

DESCRIPTION = wit.Description(
    name="{{name}}",
    version="0.1.0",
    title="Orders as notes",
    summary="Notes each new GoHighLevel order on its contact, once.",
    apis=[GHL],
    triggers=[ORDERS],
    actions=[ACTION],
    settings_schema=json.dumps(SETTINGS),
    templates=[],
)
