// The official graphql-ws client against a URL: query, mutation, subscription, resuming from a
// cursor after the connection is lost, and a wrong token.
//
//   node live.mjs <ws url> <bearer token> [operations.json]
//
// operations.json replaces the operations below, which fit the toy server of crates/api.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

// Everything that depends on the schema, in one place.
const toy = {
  query: '{ viewer }',
  // Sent `events` times; each makes at least one event that the stream shows.
  mutation: 'mutation ($text: String!) { post(text: $text) }',
  // "$uuid" in them becomes a new UUID each time.
  mutationVariables: { text: 'live' },
  // Takes the cursor to resume from as $after, null from the start.
  stream: 'subscription ($after: String) { eventStream(after: $after) { cursor text } }',
  streamField: 'eventStream',
  cursorField: 'cursor',
  live: 'subscription { ledger { position } }',
  refused: '{ noSuchField }',
  events: 6,
};

const [url, token, file] = process.argv.slice(2);
if (!url || !token) {
  console.error('usage: node live.mjs <ws url> <bearer token> [operations.json]');
  process.exit(2);
}
const ops = file ? { ...toy, ...JSON.parse(readFileSync(file, 'utf8')) } : toy;

const connect = (bearer, more = {}) =>
  createClient({
    url,
    webSocketImpl: WebSocket,
    lazy: true,
    retryAttempts: 0,
    // Kept open between two operations, as a page does.
    lazyCloseTimeout: 5_000,
    connectionParams: { authorization: `Bearer ${bearer}` },
    ...more,
  });

// One answer of a query or mutation.
async function ask(client, query, variables) {
  for await (const result of client.iterate({ query, variables })) return result;
  throw new Error('completed without an answer');
}

// Sends the mutation once more; a payload with an outcome must be accepted.
async function change(client) {
  const text = JSON.stringify(ops.mutationVariables).replaceAll('$uuid', () => randomUUID());
  const { data, errors } = await ask(client, ops.mutation, JSON.parse(text));
  const refused = Object.values(data ?? {}).some((it) => it?.outcome && it.outcome !== 'ACCEPTED');
  if (errors || refused) throw new Error(JSON.stringify(errors ?? data));
}

// Reads stream items with a cursor until there are `count` of them.
async function read(client, after, count) {
  const items = [];
  for await (const { data, errors } of client.iterate({
    query: ops.stream,
    variables: { after },
  })) {
    if (errors) throw new Error(JSON.stringify(errors));
    const item = data[ops.streamField];
    if (item[ops.cursorField] != null) items.push(item[ops.cursorField]);
    if (items.length === count) return items;
  }
  throw new Error(`the stream ended after ${items.length} of ${count} items`);
}

const checks = {
  async 'a query is answered'() {
    const { data, errors } = await ask(connect(token), ops.query);
    if (errors || !data) throw new Error(JSON.stringify(errors));
  },

  async 'a document that does not fit is one error, and the socket lives on'() {
    const client = connect(token);
    let refusal;
    await ask(client, ops.refused).catch((errors) => (refusal = errors));
    if (refusal?.[0]?.extensions?.code !== 'GRAPHQL_VALIDATION_FAILED') {
      throw new Error(JSON.stringify(refusal));
    }
    await ask(client, ops.query);
  },

  async 'mutations make events, and the stream resumes at a cursor without gap or repeat'() {
    const writer = connect(token);
    for (let n = 0; n < ops.events; n += 1) {
      await change(writer);
    }
    const whole = await read(connect(token), null, ops.events);
    const half = Math.floor(ops.events / 2);
    let socket;
    const lost = connect(token, { on: { opened: (opened) => (socket = opened) } });
    const before = await read(lost, null, half);
    socket.terminate();
    const after = await read(connect(token), before.at(-1), ops.events - half);
    const joined = [...before, ...after];
    if (joined.join() !== whole.join()) throw new Error(`${joined} is not ${whole}`);
  },

  async 'a live query shows the state now and again after a change'() {
    const client = connect(token);
    const shown = client.iterate({ query: ops.live });
    const first = await shown.next();
    await change(client);
    const second = await shown.next();
    await shown.return();
    if (JSON.stringify(first.value.data) === JSON.stringify(second.value.data)) {
      throw new Error('the answer did not change');
    }
  },

  async 'a wrong token is closed with 4403'() {
    const closed = await ask(connect(`not-${token}`), ops.query).then(
      () => undefined,
      (event) => event,
    );
    if (closed?.code !== 4403) throw new Error(`closed with ${closed?.code}`);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  let timer;
  const overdue = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('no end after 30 s')), 30_000);
  });
  try {
    await Promise.race([check(), overdue]);
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.error(`failed ${name}: ${error?.message ?? error?.code ?? JSON.stringify(error)}`);
  }
  clearTimeout(timer);
}
console.log(`graphql-ws checks: ${Object.keys(checks).length - failed} of ${Object.keys(checks).length} passed`);
// Sockets that are still open must not keep the process.
process.exit(failed === 0 ? 0 : 1);
