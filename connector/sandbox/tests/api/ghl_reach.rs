//! What reaches a contact, and what is kept beside orders: tags, messages, workflows, providers, records, opportunities.

use transload_sandbox::{Json, PROPERTIES_MAX, PlaceOrder, SandboxOptions, TAGS_MAX};

use crate::support::{Answer, Fixture, at, unpaced};

const CONTACT: &str = "Kq7mTz2VbN4xWc9RdLpE";

impl Fixture {
    async fn ghl_as(&self, version: &str, method: &str, path: &str, body: &str) -> Answer {
        let token = format!("Bearer {}", self.sandbox.options().ghl_token);
        let headers = [("authorization", token.as_str()), ("version", version)];
        self.send(method, &format!("{}{path}", self.sandbox.ghl_url()), &headers, body).await.unwrap()
    }

    async fn message(&self, body: &str) -> Answer {
        self.ghl_as("2021-04-15", "POST", "/conversations/messages", body).await
    }
}

#[tokio::test]
async fn every_operation_asks_for_its_own_scope() {
    let scopes = Some(vec!["contacts.readonly".to_owned()]);
    let fixture = Fixture::start(SandboxOptions { ghl_scopes: scopes, ..unpaced() }).await;
    for (version, method, path) in [
        ("v3", "POST", "/payments/orders/o/record-payment"),
        ("v3", "GET", "/payments/subscriptions"),
        ("v3", "GET", "/payments/subscriptions/s"),
        ("v3", "GET", "/payments/integrations/provider/whitelabel"),
        ("v3", "POST", "/payments/integrations/provider/whitelabel"),
        ("v3", "POST", "/contacts/c/tags"),
        ("v3", "POST", "/contacts/c/workflow/w"),
        ("2021-04-15", "POST", "/conversations/messages"),
        ("v3", "POST", "/objects/custom_objects.deliveries/records"),
        ("v3", "POST", "/objects/custom_objects.deliveries/records/search"),
        ("v3", "GET", "/objects/custom_objects.deliveries/records/r"),
        ("v3", "PUT", "/objects/custom_objects.deliveries/records/r"),
        ("v3", "POST", "/opportunities/"),
        ("v3", "GET", "/opportunities/search"),
        ("v3", "GET", "/opportunities/o"),
        ("v3", "PUT", "/opportunities/o"),
        ("v3", "PUT", "/opportunities/o/status"),
    ] {
        let answer = fixture.ghl_as(version, method, path, "{}").await;
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
        assert_eq!(at(&answer.json(), "message"), "The token is not authorized for this scope.", "{path}");
    }
}

#[tokio::test]
async fn tags_are_added_once() {
    let (fixture, _) = Fixture::with_order().await;
    let path = format!("/contacts/{CONTACT}/tags");
    for (body, tags) in [
        (r#"{"tags":["paid"]}"#, r#"["paid"]"#),
        (r#"{"tags":["paid","out for delivery"]}"#, r#"["paid","out for delivery"]"#),
    ] {
        let answer = fixture.ghl("POST", &path, body).await;
        assert_eq!((answer.status, at(&answer.json(), "tags")), (201, tags.to_owned()));
    }
    let shown = fixture.ghl("GET", &format!("/contacts/{CONTACT}"), "").await.json();
    assert_eq!(at(&shown, "contact.tags"), r#"["paid","out for delivery"]"#);
    for bad in ["{}", r#"{"tags":"paid"}"#, r#"{"tags":[1]}"#] {
        assert_eq!(fixture.ghl("POST", &path, bad).await.status, 422, "{bad}");
    }
    assert_eq!(fixture.ghl("POST", "/contacts/nobody/tags", r#"{"tags":["a"]}"#).await.status, 400);
    let many = |count: usize| {
        let tags: Vec<String> = (0..count).map(|tag| format!("\"t{tag}\"")).collect();
        format!(r#"{{"tags":[{}]}}"#, tags.join(","))
    };
    // Two are there already.
    assert_eq!(fixture.ghl("POST", &path, &many(TAGS_MAX - 1)).await.status, 507);
    assert_eq!(fixture.ghl("POST", &path, &many(TAGS_MAX - 2)).await.status, 201);
}

#[tokio::test]
async fn messages_have_their_own_version_and_are_kept_by_contact() {
    let (fixture, _) = Fixture::with_order().await;
    let body = format!(r#"{{"type":"SMS","contactId":"{CONTACT}","message":"On its way"}}"#);
    let refused = fixture.ghl("POST", "/conversations/messages", &body).await;
    assert_eq!(
        (refused.status, at(&refused.json(), "message")),
        (401, "version header is invalid".to_owned())
    );
    for version in ["2021-04-15", "v3"] {
        let sent = fixture.ghl_as(version, "POST", "/conversations/messages", &body).await;
        assert_eq!((sent.status, at(&sent.json(), "status")), (200, "pending".to_owned()), "{}", sent.text);
    }
    let email =
        format!(r#"{{"type":"Email","contactId":"{CONTACT}","subject":"Delivered","html":"<p>Yes</p>"}}"#);
    let sent = fixture.message(&email).await.json();
    assert_eq!(at(&sent, "emailMessageId"), at(&sent, "messageId"));
    let kept = fixture.control.snapshot().await.unwrap().ghl.contacts.remove(0).messages;
    assert_eq!(kept.len(), 3);
    assert_eq!((at(&kept[0], "message"), at(&kept[2], "subject")), ("On its way".into(), "Delivered".into()));
    assert_eq!(at(&kept[0], "conversationId"), at(&kept[2], "conversationId"));
}

#[tokio::test]
async fn messages_that_do_not_fit_or_disturb_are_refused() {
    let (fixture, _) = Fixture::with_order().await;
    for (members, status) in [
        (r#""contactId":"c","message":"x""#, 422),
        (r#""type":"Pigeon","contactId":"c","message":"x""#, 422),
        (r#""type":"SMS","message":"x""#, 422),
        (r#""type":"SMS","contactId":"c""#, 422),
        (r#""type":"SMS","contactId":"c","html":"x""#, 422),
        (r#""type":"SMS","contactId":"c","message":"x","status":"sent""#, 422),
        (r#""type":"SMS","contactId":"nobody","message":"x""#, 400),
    ] {
        let answer = fixture.message(&format!("{{{members}}}")).await;
        assert_eq!(answer.status, status, "{members}: {}", answer.text);
    }
    let send = async |kind: &str| {
        let body = format!(r#"{{"type":"{kind}","contactId":"{CONTACT}","message":"x"}}"#);
        fixture.message(&body).await.status
    };
    let settings = async |members: &str| {
        let members = Json::parse(members).unwrap();
        fixture.control.put_contact(CONTACT, members.as_object().unwrap()).await.unwrap();
    };
    settings(r#"{"dndSettings":{"SMS":{"status":"active"},"Email":{"status":"inactive"}}}"#).await;
    assert_eq!((send("SMS").await, send("Email").await), (400, 200));
    settings(r#"{"dnd":true}"#).await;
    assert_eq!(send("Email").await, 400);
    let shown = fixture.ghl("GET", &format!("/contacts/{CONTACT}"), "").await.json();
    assert_eq!(at(&shown, "contact.dnd"), "true");
    assert_eq!(at(&shown, "contact.dndSettings.SMS.status"), "active");
}

#[tokio::test]
async fn a_contact_is_added_to_a_workflow_each_time() {
    let (fixture, _) = Fixture::with_order().await;
    let path = format!("/contacts/{CONTACT}/workflow/w1");
    for body in ["", "{}", r#"{"eventStartTime":"2021-06-23T03:30:00+01:00"}"#] {
        let answer = fixture.ghl("POST", &path, body).await;
        assert_eq!((answer.status, at(&answer.json(), "succeded")), (200, "true".to_owned()));
    }
    assert_eq!(fixture.ghl("POST", &path, r#"{"eventStartTime":1}"#).await.status, 422);
    assert_eq!(fixture.ghl("POST", "/contacts/nobody/workflow/w1", "").await.status, 400);
    assert_eq!(fixture.control.snapshot().await.unwrap().ghl.contacts[0].workflows, ["w1"; 3]);
}

#[tokio::test]
async fn a_provider_is_registered_once_and_only_by_an_app() {
    let app = SandboxOptions { ghl_token: "app-token".to_owned(), ..unpaced() };
    let (private, app) = (Fixture::start(unpaced()).await, Fixture::start(app).await);
    let path = "/payments/integrations/provider/whitelabel";
    let body = |name: &str, provider: &str, image: &str| {
        format!(
            r#"{{"altId":"{}","altType":"location","uniqueName":"{name}","title":"T","provider":"{provider}",
            "description":"D","imageUrl":"{image}"}}"#,
            app.sandbox.options().ghl_location
        )
    };
    let good = body("trans-load", "nmi", "https://example.com/logo.png");
    assert_eq!(private.ghl("POST", path, &good).await.status, 401);
    for (bad, status) in [
        (body("-load", "nmi", "https://example.com/a"), 422),
        (body("Load", "nmi", "https://example.com/a"), 422),
        (body("load", "stripe", "https://example.com/a"), 422),
        (body("load", "nmi", "http://example.com/a"), 422),
        ("{}".to_owned(), 422),
    ] {
        assert_eq!(app.ghl("POST", path, &bad).await.status, status, "{bad}");
    }
    let made = app.ghl("POST", path, &good).await;
    assert_eq!(made.status, 200, "{}", made.text);
    for member in [
        "_id",
        "altId",
        "altType",
        "title",
        "route",
        "provider",
        "description",
        "imageUrl",
        "createdAt",
        "updatedAt",
    ] {
        assert_ne!(at(&made.json(), member), "-", "{member}");
    }
    assert_eq!(app.ghl("POST", path, &good).await.status, 400);
    let list = app.ghl("GET", &format!("{path}?{}&limit=100&offset=0", app.location()), "").await.json();
    assert_eq!((at(&list, "providers.0.route"), at(&list, "providers.1")), ("trans-load".into(), "-".into()));
    assert_eq!(app.ghl("GET", path, "").await.status, 422);
}

#[tokio::test]
async fn records_are_made_found_and_changed() {
    let (fixture, _) = Fixture::with_order().await;
    let location = &fixture.sandbox.options().ghl_location.clone();
    let path = "/objects/custom_objects.payments/records";
    let record = |order: &str| {
        format!(
            r#"{{"locationId":"{location}","properties":{{"order_id":"{order}","paid":{{"currency":"default","value":10.50}}}}}}"#
        )
    };
    let mut ids = Vec::new();
    for order in ["o1", "o2"] {
        let made = fixture.ghl("POST", path, &record(order)).await;
        assert_eq!(made.status, 201, "{}", made.text);
        ids.push(at(&made.json(), "record.id"));
    }
    let search = async |query: &str| {
        let body = format!(
            r#"{{"locationId":"{location}","page":1,"pageLimit":10,"query":"{query}","searchAfter":[]}}"#
        );
        let found = fixture.ghl("POST", &format!("{path}/search"), &body).await.json();
        (at(&found, "total"), at(&found, "records.0.id"))
    };
    assert_eq!(search("O2").await, ("1".to_owned(), ids[1].clone()));
    assert_eq!(search("").await.0, "2");
    assert_eq!(search("order_id:o2").await, ("1".to_owned(), ids[1].clone()));
    assert_eq!(search("paid:o2").await.0, "0");
    assert_eq!(search("o3").await, ("0".to_owned(), "-".to_owned()));

    let one = format!("{path}/{}", ids[0]);
    let change = r#"{"properties":{"state":"collected"}}"#;
    assert_eq!(fixture.ghl("PUT", &one, change).await.status, 422);
    assert_eq!(fixture.ghl("PUT", &format!("{one}?locationId={location}"), change).await.status, 200);
    let shown = fixture.ghl("GET", &one, "").await.json();
    assert_eq!(at(&shown, "record.properties.state"), "collected");
    assert_eq!(at(&shown, "record.properties.paid.value"), "10.50");

    assert_eq!(fixture.ghl("GET", "/objects/custom_objects.other/records/x", "").await.status, 400);
    assert_eq!(fixture.ghl("POST", "/objects/payments/records", &record("o3")).await.status, 400);
    assert_eq!(fixture.ghl("POST", path, r#"{"properties":{}}"#).await.status, 422);
    assert_eq!(fixture.ghl("POST", &format!("{path}/search"), "{}").await.status, 422);
    let many = |count: usize| {
        let members: Vec<String> = (0..count).map(|member| format!("\"m{member}\":1")).collect();
        format!(r#"{{"locationId":"{location}","properties":{{{}}}}}"#, members.join(","))
    };
    assert_eq!(fixture.ghl("POST", path, &many(PROPERTIES_MAX)).await.status, 201);
    assert_eq!(fixture.ghl("POST", path, &many(PROPERTIES_MAX + 1)).await.status, 422);
    // A search is a POST, but no write.
    let written = fixture.control.write_counts().await.unwrap();
    assert!(written.operations.iter().all(|one| !one.path.ends_with("search")), "{written:?}");
}

#[tokio::test]
async fn opportunities_are_made_found_and_moved() {
    let fixture = Fixture::start(unpaced()).await;
    fixture.control.place_order(&PlaceOrder::default()).await.unwrap();
    let location = &fixture.sandbox.options().ghl_location.clone();
    let body = |status: &str, contact: &str| {
        format!(
            r#"{{"pipelineId":"p1","locationId":"{location}","name":"Order 1","status":"{status}",
            "contactId":"{contact}","monetaryValue":150.10}}"#
        )
    };
    let made = fixture.ghl("POST", "/opportunities/", &body("open", CONTACT)).await;
    assert_eq!((made.status, at(&made.json(), "opportunity.monetaryValue")), (201, "150.10".to_owned()));
    let id = at(&made.json(), "opportunity.id");
    for (bad, status) in [(body("paid", CONTACT), 422), (body("open", "nobody"), 400), ("{}".to_owned(), 422)]
    {
        assert_eq!(fixture.ghl("POST", "/opportunities/", &bad).await.status, status, "{bad}");
    }
    let found = async |filter: &str| {
        let path = format!("/opportunities/search?location_id={location}{filter}");
        at(&fixture.ghl("GET", &path, "").await.json(), "meta.total")
    };
    let path = format!("/opportunities/{id}");
    let won =
        fixture.ghl("PUT", &path, r#"{"status":"won","contactId":"other","name":"Order 1, paid"}"#).await;
    assert_eq!((won.status, at(&won.json(), "opportunity.contactId")), (200, CONTACT.to_owned()));
    assert_eq!(found(&format!("&contact_id={CONTACT}&status=won")).await, "1");
    assert_eq!(fixture.ghl("PUT", &format!("{path}/status"), r#"{"status":"lost"}"#).await.status, 200);
    assert_eq!(at(&fixture.ghl("GET", &path, "").await.json(), "opportunity.status"), "lost");
    for (filter, count) in
        [("&status=won", "0"), ("&status=all", "1"), ("&pipeline_id=p2", "0"), ("&q=paid", "1")]
    {
        assert_eq!(found(filter).await, count, "{filter}");
    }
    assert_eq!(fixture.ghl("PUT", &path, r#"{"status":"paid"}"#).await.status, 422);
    assert_eq!(fixture.ghl("PUT", "/opportunities/x", "{}").await.status, 400);
    assert_eq!(fixture.ghl("GET", "/opportunities/search", "").await.status, 422);
}
