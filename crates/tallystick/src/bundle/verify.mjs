// Verifies this bundle with nothing but the standard library of Node.js: see HOW-TO-VERIFY.md.
//   node verify.mjs FOLDER 'NAME+ID+BASE64'
// Exit code 0: sound; 1: not what was signed. Records that are withheld are counted, and told.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, key] = process.argv.slice(2);
const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const [LEAF, NODE] = [Buffer.from([0]), Buffer.from([1])];

function refuse(what) {
  console.error(`NOT SOUND: ${what}`);
  process.exit(1);
}

// Step 1: the signature. What a key is: name, id, base64 of 01 and 32 bytes.
const [name, id] = key.split('+');
const bytes = Buffer.from(key.slice(name.length + id.length + 2), 'base64');
if (bytes.length !== 33 || bytes[0] !== 1) refuse('the key is not that of a log');
const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes.subarray(1)]);
const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
const note = readFileSync(join(folder, 'checkpoint'), 'utf8');
const end = note.lastIndexOf('\n\n');
const text = note.slice(0, end + 1);
const [origin, count, root] = text.split('\n');
if (origin !== name) refuse(`the checkpoint is of ${origin}, the key of ${name}`);
const signed = note.slice(end + 2).split('\n').some((line) => {
  const [, signer, signature] = line.split(' ');
  if (signer !== name) return false;
  const raw = Buffer.from(signature, 'base64');
  return raw.subarray(0, 4).toString('hex') === id && verify(null, Buffer.from(text), publicKey, raw.subarray(4));
});
if (!signed) refuse('the key did not sign the checkpoint');
const size = Number(count);

/** `001`, `x001/x234/067`, and `.p/44` where there are only 44. */
function place(n, width) {
  const groups = [];
  for (let rest = n; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) groups.unshift(rest % 1000);
  const path = groups.map((g, i) => (i < groups.length - 1 ? 'x' : '') + String(g).padStart(3, '0')).join('/');
  return width === 256 ? path : `${path}.p/${width}`;
}

// The roots of the perfect subtrees so far, largest first, each with its number of leaves.
const peaks = [];
function append(leaf) {
  let [hash, leaves] = [leaf, 1];
  while (peaks.length > 0 && peaks.at(-1).leaves === leaves) {
    hash = sha256(NODE, peaks.pop().hash, hash);
    leaves *= 2;
  }
  peaks.push({ hash, leaves });
}

// Steps 2, 3 and 7 (positions), 256 records at a time. Of a record that is withheld, its digests are taken as they stand.
const WITHHELD = 0xffffffff;
let withheld = 0;
for (let n = 0; n * 256 < size; n += 1) {
  const width = Math.min(256, size - n * 256);
  const [records, entries, leaves] = ['records', 'tile/entries', 'tile/0'].map((kind) => readFileSync(join(folder, kind, place(n, width))));
  let at = 0;
  for (let i = 0; i < width; i += 1) {
    const position = n * 256 + i + 1;
    const [header, body] = [records.readUInt32BE(at), records.readUInt32BE(at + 4)];
    at += 8;
    const entry = entries.subarray(i * 67 + 2, (i + 1) * 67);
    if (header === WITHHELD && body === WITHHELD) {
      withheld += 1;
    } else {
      const head = records.subarray(at, at + header);
      at += header + body;
      const found = Buffer.concat([NODE, sha256(head), sha256(records.subarray(at - body, at))]);
      if (!entry.equals(found)) refuse(`the record at position ${position} is not that of tile/entries`);
      if (head.readBigUInt64BE(10) !== BigInt(position)) refuse(`the record at position ${position} says another position`);
    }
    const leaf = sha256(LEAF, entry);
    if (!leaf.equals(leaves.subarray(i * 32, (i + 1) * 32))) refuse(`what tile/entries has for position ${position} is not that of tile/0`);
    append(leaf);
  }
  if (at !== records.length) refuse(`records/${place(n, width)} has bytes too many`);
}

// Steps 4 and 5: the peaks joined from the right are the root.
const found = peaks.map((peak) => peak.hash).reduceRight((right, left) => sha256(NODE, left, right));
if (found.toString('base64') !== root) refuse(`the records lead to the root ${found.toString('base64')}, signed is ${root}`);
console.log(`SOUND: ${size} records, signed as ${origin}.`);
if (withheld > 0) console.log(`Of these, ${withheld} are withheld: their digests are as they were signed, what they say was not looked at.`);
