// Runs every audit of the GraphQL-over-HTTP suite (npm graphql-http) against a URL.
//
//   node audit.mjs <url> <bearer token>     (or the environment's TALLYSTICK_URL, TALLYSTICK_TOKEN)
//
// Ends with 0 only when all of them pass; warnings count as failures.
import { serverAudits } from 'graphql-http';

// The suite has this many audits in the pinned version: fewer run would prove less.
const EXPECTED = 61;

const [url = process.env.TALLYSTICK_URL, token = process.env.TALLYSTICK_TOKEN] =
  process.argv.slice(2);
if (!url || !token) {
  console.error('usage: node audit.mjs <url> <bearer token>');
  process.exit(2);
}

const audits = serverAudits({
  url,
  fetchFn: (input, init = {}) =>
    fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
});

let passed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === 'ok') {
    passed += 1;
  } else {
    console.error(`${result.status} ${result.id} ${result.name}: ${result.reason}`);
  }
}
console.log(`graphql-http audits: ${passed} of ${audits.length} passed`);
process.exit(passed === audits.length && audits.length >= EXPECTED ? 0 : 1);
