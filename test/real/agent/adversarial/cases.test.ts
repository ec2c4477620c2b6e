// The cases that take an agent at work, in one cluster: each of them lays its own part beside the others'.
import { afterAll, beforeAll, describe } from 'vitest';
import { Arena } from './arena.ts';
import { clusterCases } from './cluster.cases.ts';
import { endlessCases } from './endless.cases.ts';
import { secretCases } from './secrets.cases.ts';
import { sourceCases } from './source.cases.ts';
import { storeCases } from './store.cases.ts';

let arena: Arena;

beforeAll(async () => {
  arena = await Arena.start();
}, 900_000);

afterAll(async () => {
  await arena?.close();
});

describe('the cluster', () => clusterCases(() => arena));
describe('what never ends', () => endlessCases(() => arena));
describe('Secrets', () => secretCases(() => arena));
describe('sources', () => sourceCases(() => arena));
describe('the store', () => storeCases(() => arena));
