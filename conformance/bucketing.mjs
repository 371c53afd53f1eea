// An independent implementation of bucketing.json's rules; `node conformance/bucketing.mjs` checks every vector of it.
//
// xxHash64 is written out from its specification, in BigInt: slow, and with nothing of Counterpoint in it.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const M = (1n << 64n) - 1n;
const [P1, P2, P3, P4, P5] = [
  11400714785074694791n, 14029467366897019727n, 1609587929392839161n, 9650029242287828579n, 2870177450012600261n,
];
const rotl = (x, r) => ((x << r) | (x >> (64n - r))) & M;
const round = (acc, lane) => (rotl((acc + lane * P2) & M, 31n) * P1) & M;
const merge = (acc, lane) => (((acc ^ round(0n, lane)) * P1) + P4) & M;
const lane = (bytes, at, n) => {
  let value = 0n;
  for (let i = n - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at + i]);
  return value;
};

export function xxh64(bytes, seed) {
  let at = 0;
  let hash;
  if (bytes.length >= 32) {
    const v = [(seed + P1 + P2) & M, (seed + P2) & M, seed, (seed - P1) & M];
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) v[i] = round(v[i], lane(bytes, at + 8 * i, 8));
    }
    hash = (rotl(v[0], 1n) + rotl(v[1], 7n) + rotl(v[2], 12n) + rotl(v[3], 18n)) & M;
    for (const each of v) hash = merge(hash, each);
  } else {
    hash = (seed + P5) & M;
  }
  hash = (hash + BigInt(bytes.length)) & M;
  for (; at + 8 <= bytes.length; at += 8) hash = (rotl(hash ^ round(0n, lane(bytes, at, 8)), 27n) * P1 + P4) & M;
  if (at + 4 <= bytes.length) {
    hash = (rotl(hash ^ ((lane(bytes, at, 4) * P1) & M), 23n) * P2 + P3) & M;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = (rotl(hash ^ ((BigInt(bytes[at]) * P5) & M), 11n) * P1) & M;
  hash = ((hash ^ (hash >> 33n)) * P2) & M;
  hash = ((hash ^ (hash >> 29n)) * P3) & M;
  return hash ^ (hash >> 32n);
}

const utf8 = (text) => new TextEncoder().encode(text);
export const seedOf = (salt) => xxh64(utf8(salt), 0n);
export const bucketOf = (unit, salt, n = 10000n) => Number((xxh64(utf8(unit), seedOf(salt)) * n) >> 64n);
export const bucketSalt = (salt, unitType, own) => (unitType === own ? salt : `${salt}:${unitType}`);

export function split(unit, salt, weights) {
  const total = weights.reduce((sum, weight) => sum + BigInt(weight), 0n);
  const point = (xxh64(utf8(unit), seedOf(salt)) * total) >> 64n;
  let sum = 0n;
  return weights.findIndex((weight) => (sum += BigInt(weight)) > point);
}

export function bucketsOf(text) {
  const bytes = Buffer.from(text, "base64");
  const found = [];
  for (let bucket = 0; bucket < bytes.length * 8; bucket++) {
    if ((bytes[bucket >> 3] >> (bucket & 7)) & 1) found.push(bucket);
  }
  return found;
}

function check(vectors) {
  const wrong = [];
  let n = 0;
  const same = (what, found, expected) => {
    n += 1;
    if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push({ what, found, expected });
  };
  for (const each of vectors.seeds) same(each.salt, seedOf(each.salt).toString(), each.seed);
  for (const each of vectors.bucket_salts) same(each, bucketSalt(each.salt, each.unit_type, "user_id"), each.salted);
  for (const each of vectors.buckets) same(each, bucketOf(each.unit, each.salt, BigInt(vectors.n_buckets)), each.bucket);
  for (const each of vectors.splits) same(each, split(each.unit, each.salt, each.weights), each.index);
  for (const each of vectors.bitmaps) same("bitmap", bucketsOf(each.text), each.buckets);
  return { n, wrong };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = process.argv[2] ?? fileURLToPath(new URL("bucketing.json", import.meta.url));
  const { n, wrong } = check(JSON.parse(readFileSync(path, "utf8")));
  console.log(JSON.stringify({ checked: n, wrong: wrong.slice(0, 5) }));
  process.exit(wrong.length ? 1 : 0);
}
