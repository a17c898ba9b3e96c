//! JSON Schemas and samples of what the triggers yield, for the manifest.

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** Amounts are texts in JSON: a reader's numbers may be floats. */
const MONEY = {
  type: 'object',
  required: ['amount', 'currency'],
  properties: {
    amount: { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]+)?$', description: 'Major units, exact' },
    currency: { type: 'string', pattern: '^[A-Z]{3}$' },
  },
};

/** An order. */
export const ORDER = {
  $schema: DRAFT,
  title: 'Order',
  type: 'object',
  required: ['id', 'status', 'total', 'lines', 'live'],
  properties: {
    id: { type: 'string' },
    status: { type: 'string' },
    total: { $ref: '#/$defs/money' },
    customer: {
      type: 'object',
      properties: {
        id: { type: 'string' },
        name: { type: 'string' },
        email: { type: 'string' },
        phone: { type: 'string' },
      },
    },
    lines: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'name', 'quantity'],
        properties: {
          id: { type: 'string', description: 'GoHighLevel\'s price id' },
          name: { type: 'string' },
          quantity: { type: 'string' },
          unit_price: { $ref: '#/$defs/money' },
        },
      },
    },
    live: { type: 'boolean' },
    created_at: { type: 'string', format: 'date-time' },
  },
  $defs: { money: MONEY },
};

/** A payment. */
export const TRANSACTION = {
  $schema: DRAFT,
  title: 'Transaction',
  type: 'object',
  required: ['id', 'amount', 'status', 'live'],
  properties: {
    id: { type: 'string' },
    order_id: { type: 'string' },
    amount: { $ref: '#/$defs/money' },
    refunded: { $ref: '#/$defs/money' },
    status: { type: 'string', examples: ['succeeded', 'failed', 'pending'] },
    method: { type: 'string' },
    live: { type: 'boolean' },
    created_at: { type: 'string', format: 'date-time' },
  },
  $defs: { money: MONEY },
};

/** An order as GoHighLevel has it, in the words of {@link ORDER}. */
export const ORDER_SAMPLE = {
  id: '660ed43bfdf9fc05a0de7a40',
  status: 'pending',
  total: { amount: '150.1', currency: 'USD' },
  customer: { id: 'ct_1001', name: 'Ada Fuller', email: 'ada@example.com', phone: '+15550100' },
  lines: [
    {
      id: 'price_tee_xl',
      name: 'Tee, XL',
      quantity: '1',
      unit_price: { amount: '17', currency: 'USD' },
    },
    {
      id: 'price_coat',
      name: 'Rain coat',
      quantity: '1',
      unit_price: { amount: '121', currency: 'USD' },
    },
  ],
  live: true,
  created_at: '2024-04-04T16:24:27.036Z',
};

/** A payment as GoHighLevel has it, in the words of {@link TRANSACTION}. */
export const TRANSACTION_SAMPLE = {
  id: 'txn_1',
  order_id: '660ed43bfdf9fc05a0de7a40',
  amount: { amount: '150.1', currency: 'USD' },
  refunded: { amount: '0', currency: 'USD' },
  status: 'succeeded',
  method: 'card',
  live: true,
  created_at: '2024-04-04T16:25:00.000Z',
};

/** An order in GoHighLevel's own words, to try rules on before a real one comes. JSON text, since it has amounts. */
export const SAMPLE_ORDER = `{
  "type": "OrderCreate",
  "locationId": "Z4Bxl8J4SaPEPLq9IQ8g",
  "_id": "660ed43bfdf9fc05a0de7a40",
  "altId": "Z4Bxl8J4SaPEPLq9IQ8g",
  "altType": "location",
  "status": "pending",
  "fulfillmentStatus": "unfulfilled",
  "contactId": "ct_1001",
  "currency": "USD",
  "amount": 150.1,
  "liveMode": true,
  "createdAt": "2024-04-04T16:24:27.036Z",
  "updatedAt": "2024-04-04T16:24:31.297Z",
  "amountSummary": { "subtotal": 138, "discount": 0, "tax": 12.1, "shipping": 0 },
  "source": { "type": "website", "subType": "store", "id": "st_1", "name": "Shop", "meta": {} },
  "coupon": { "_id": "cp_1", "code": "SPRING" },
  "contactSnapshot": {
    "id": "ct_1001",
    "firstName": "Ada",
    "lastName": "Fuller",
    "email": "ada@example.com",
    "phone": "+15550100",
    "address1": "1 High Street",
    "city": "Leeds",
    "state": "West Yorkshire",
    "postalCode": "LS1 4AP",
    "country": "GB"
  },
  "items": [
    {
      "name": "Tee, XL",
      "qty": 1,
      "product": { "_id": "prod_tee", "name": "Tee", "productType": "PHYSICAL" },
      "price": { "_id": "price_tee_xl", "name": "XL", "type": "one_time", "currency": "USD", "amount": 17 }
    },
    {
      "name": "Rain coat",
      "qty": 1,
      "product": { "_id": "prod_coat", "name": "Rain coat", "productType": "PHYSICAL" },
      "price": { "_id": "price_coat", "name": "M", "type": "one_time", "currency": "USD", "amount": 121 }
    }
  ]
}`;
