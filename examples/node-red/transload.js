/**
 * @file The nodes: `transload-connector` (configuration), `transload-trigger`, `transload-handle` and `transload-action`.
 */

'use strict';

const path = require('node:path');

/** APIs of one connector. Node-RED keeps credentials under names that are fixed beforehand, so each has a numbered place. */
const APIS_MAX = 8;

/** The shortest time between two polls, in seconds. */
const POLL_SECONDS_MIN = 1;

/** The longest that a timer can be set to, in milliseconds. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Where webhooks come in. */
const HOOKS = /\/transload\/[^/]+\/hooks\/[^/]+$/;

/** The application that another is mounted in. */
const root = (app) => (app.parent ? root(app.parent) : app);

const respond = (response, { status, text }) => response.status(status).type('text').send(`${text}\n`);

module.exports = (RED) => {
  const ours = import('./lib/index.mjs');
  /** Configuration nodes by the name in the address of their webhooks. */
  const connectors = new Map();

  function ConnectorNode(config) {
    RED.nodes.createNode(this, config);
    const { module, settings: values = {}, apis = [] } = config;
    const hooks = config.path || config.id;
    const log = ({ level, message }) => this[{ warn: 'warn', error: 'error' }[level] ?? 'debug'](message);
    const secrets = this.credentials ?? {};
    const granted = apis.slice(0, APIS_MAX).map((api, place) => ({
      ...api,
      credential: secrets[`credential${place}`],
      secret: secrets[`secret${place}`],
    }));
    const directory = path.join(RED.settings.userDir ?? '.', 'transload', config.id.replace(/[^\w.-]/g, '_'));
    this.connection = ours.then(({ Connection }) => Connection.open({ module, values, apis: granted, directory, log }));
    this.connection.catch((error) => this.error(`${module}: ${error.message}`));
    if (connectors.has(hooks))
      this.error(`another connector takes webhooks at ${hooks}; give one of them another path`);
    else connectors.set(hooks, this);
    this.on('close', async () => {
      if (connectors.get(hooks) === this) connectors.delete(hooks);
      await this.connection.then((connection) => connection.close()).catch(() => {});
    });
  }

  function TriggerNode(config) {
    RED.nodes.createNode(this, config);
    const ends = [];
    let isClosed = false;
    this.on('close', () => {
      isClosed = true;
      for (const end of ends) end();
    });
    // At once, when the connection is there: a webhook that waits for it as well comes after this.
    start(this, config.connector, (connection) => {
      if (isClosed) return;
      const { trigger, answer } = config;
      ends.push(connection.listen({ trigger, waits: answer !== 'taken', emit: (message) => this.send(message) }));
      const { origin } = connection.manifest.triggers.find(({ name }) => name === trigger);
      if (origin.tag === 'poll') ends.push(polls(this, connection, config, Number(origin.val)));
    });
  }

  function HandleNode(config) {
    RED.nodes.createNode(this, config);
    const connection = start(this, config.connector);
    this.on('input', async (message, send, done) => {
      try {
        const { toData } = await ours;
        const event = message.transload?.event;
        if (!event) throw new Error('the message has no event of a Transload trigger (msg.transload.event)');
        const handled = await (await connection).handle(event);
        for (const { receipt } of handled) send({ ...message, payload: toData(receipt) });
        this.status({ fill: 'green', shape: 'dot', text: event.subject });
        done();
      } catch (error) {
        fail(this, error, done);
      }
    });
  }

  function ActionNode(config) {
    RED.nodes.createNode(this, config);
    const connection = start(this, config.connector);
    this.on('input', async (message, send, done) => {
      try {
        // A text goes in and comes out as it is, for whoever must not have JSON's numbers rounded.
        const isText = typeof message.payload === 'string';
        const input = isText ? message.payload : JSON.stringify(message.payload ?? {});
        const output = await (await connection).flow.run(config.action, input);
        this.status({ fill: 'green', shape: 'dot', text: config.action });
        send({ ...message, payload: isText ? output : JSON.parse(output) });
        done();
      } catch (error) {
        fail(this, error, done);
      }
    });
  }

  /** The connection of a node's configuration; the node shows it if there is none. */
  function start(node, id, begin = () => {}) {
    const connector = RED.nodes.getNode(id);
    const connection = connector?.connection ?? Promise.reject(new Error('no connector is chosen'));
    connection.then(begin).catch((error) => node.status({ fill: 'red', shape: 'ring', text: error.message }));
    return connection;
  }

  /** Polls until the answered function is called. */
  function polls(node, connection, { trigger, every }, manifestMs) {
    const ms = Number(every) > 0 ? Math.max(Number(every), POLL_SECONDS_MIN) * 1_000 : manifestMs;
    let timer;
    let isEnded = false;
    const poll = async () => {
      try {
        await connection.poll(trigger);
        node.status({ fill: 'green', shape: 'dot', text: 'polled' });
      } catch (error) {
        fail(node, error);
      }
      if (!isEnded) timer = setTimeout(poll, Math.min(ms, TIMER_MS_MAX));
    };
    poll();
    return () => {
      isEnded = true;
      clearTimeout(timer);
    };
  }

  /** Shows a failure, with what would allow the requests that were refused. */
  function fail(node, error, done = (told) => node.error(told)) {
    const denied = error.denied?.length > 0 ? ` (${error.denied.join('; ')})` : '';
    node.status({ fill: 'red', shape: 'ring', text: error.name });
    done(new Error(`${error.name}: ${error.message}${denied}`, { cause: error }));
  }

  const places = [...Array(APIS_MAX).keys()].flatMap((place) => [`credential${place}`, `secret${place}`]);
  const credentials = Object.fromEntries(places.map((name) => [name, { type: 'password' }]));
  RED.nodes.registerType('transload-connector', ConnectorNode, { credentials });
  RED.nodes.registerType('transload-trigger', TriggerNode);
  RED.nodes.registerType('transload-handle', HandleNode);
  RED.nodes.registerType('transload-action', ActionNode);

  // The editor's application may stand before that of the flows, and parses JSON on its way. A signature is made of the body as
  // it came, so it is read before; Node-RED's own `http in` node puts itself first in this way, too.
  const first = root(RED.httpNode);
  first.use(async (request, response, next) => {
    if (request.method !== 'POST' || !HOOKS.test(request.path)) return next();
    const { answerTo, readBody } = await ours;
    try {
      request.body = await readBody(request);
      // What body-parser goes by.
      request._body = true;
      next();
    } catch (error) {
      respond(response, answerTo(error));
    }
  });
  const { stack } = first._router;
  const place = stack.findIndex(({ name }) => name === 'expressInit') + 1;
  stack.splice(place, 0, stack.pop());

  RED.httpNode.post('/transload/:connector/hooks/:api', async (request, response) => {
    const { connector, api } = request.params;
    const node = connectors.get(connector);
    if (!node) return respond(response, { status: 404, text: 'no such connector' });
    try {
      const connection = await node.connection;
      const isKnown = await connection.receive(api, request.headers, request.body);
      respond(response, isKnown ? { status: 200, text: 'done' } : { status: 404, text: 'no such API' });
    } catch (error) {
      node.warn(`webhook of ${api}: ${error.name}: ${error.message}`);
      const { answerTo } = await ours;
      respond(response, answerTo(error));
    }
  });

  // Whoever may deploy flows may name any file, and run what is in it, anyway.
  const mayWrite = RED.auth.needsPermission('flows.write');

  RED.httpAdmin.get('/transload/manifest', mayWrite, async (request, response) => {
    try {
      const { palette } = await ours;
      response.json(await palette(String(request.query.module ?? '')));
    } catch (error) {
      response.status(400).json({ error: error.message });
    }
  });

  RED.httpAdmin.post('/transload/check/:id', mayWrite, async (request, response) => {
    try {
      const connection = await RED.nodes.getNode(request.params.id)?.connection;
      if (!connection) throw new Error('deploy the connector first');
      response.json(await connection.check());
    } catch (error) {
      response.status(400).json({ error: error.message });
    }
  });
};
