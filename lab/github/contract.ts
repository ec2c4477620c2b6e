// What GitHub says its answers and webhooks look like, from the descriptions it publishes.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { Refusal } from './rest/refusal.ts';

const settings = {
  strict: false,
  allErrors: true,
  logger: false,
  validateSchema: false,
  // Compiling takes a tenth of the time.
  inlineRefs: false,
  code: { optimize: false },
} as const;

interface Operation {
  readonly requestBody?: { readonly content?: Record<string, { readonly schema?: unknown }> };
  readonly responses: Record<
    string,
    { readonly $ref?: string; readonly content?: Record<string, { readonly schema?: unknown }> }
  >;
}

interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
}

/** Holds the lab to GitHub's own descriptions: wrong requests are refused with 422, wrong answers remembered. */
export class Contract {
  /** What the lab itself said wrongly, for tests to find empty: `GET /app 200: /owner/id must be integer`. */
  readonly violations: string[] = [];
  readonly #api: Description;
  readonly #ajv = new Ajv(settings);
  readonly #webhooks = new Ajv(settings);
  readonly #compiled = new Map<string, ValidateFunction | undefined>();

  constructor() {
    const require = createRequire(import.meta.url);
    const read = (name: string): unknown => JSON.parse(readFileSync(require.resolve(name), 'utf8')) as unknown;
    const api = read('@octokit/openapi/generated/api.github.com.json') as Description;
    admitNull(api);
    this.#api = api;
    for (const ajv of [this.#ajv, this.#webhooks]) {
      formats.default(ajv);
      // GitHub says `format: uri` and gives an empty text where there is none.
      ajv.addFormat('uri', (text: string) => text === '' || URL.canParse(text));
    }
    this.#ajv.addSchema({ ...api, $id: 'api' } as object);
    // Its definitions alone: Ajv compiles the whole of what a reference leads into.
    const { definitions } = read('@octokit/webhooks-schemas/schema.json') as { readonly definitions: object };
    this.#webhooks.addSchema({ $id: 'webhooks', definitions });
  }

  /** @throws Refusal 422 as GitHub gives for a body that is not as described */
  checkRequest(route: string, body: unknown): void {
    const check = this.#check(
      `${route} request`,
      this.#operation(route)?.requestBody?.content?.['application/json']?.schema,
    );
    if (check === undefined || check(body) === true) return;
    throw new Refusal(422, `Invalid request.\n\n${this.#ajv.errorsText(check.errors, { dataVar: '' })}`);
  }

  checkAnswer(route: string, status: number, body: unknown): void {
    const operation = this.#operation(route);
    if (operation === undefined) return;
    const described = operation.responses[String(status)];
    if (described === undefined) this.violations.push(`${route} ${status}: GitHub does not answer this`);
    const check = this.#check(`${route} ${status}`, described?.content?.['application/json']?.schema);
    const plain = body === undefined ? undefined : (JSON.parse(JSON.stringify(body)) as unknown);
    if (check !== undefined && check(plain) !== true) this.violations.push(...problems(`${route} ${status}`, check));
  }

  checkWebhook(event: string, action: string | undefined, body: string): void {
    const name = `${event}$${action ?? 'event'}`;
    const check = this.#check(name, { $ref: `webhooks#/definitions/${name}` }, this.#webhooks);
    // The published list of events is older than merge queues.
    const plain = JSON.parse(event === 'ping' ? body.replace(/"merge_group",?/, '') : body) as unknown;
    if (check !== undefined && check(plain) !== true) this.violations.push(...problems(name, check));
  }

  #operation(route: string): Operation | undefined {
    const [method = '', path = ''] = route.split(' ');
    const named = path.replace('/repositories/{repository_id}', '/repos/{owner}/{repo}');
    return this.#api.paths[named]?.[method.toLowerCase()];
  }

  #check(name: string, schema: unknown, ajv: Ajv = this.#ajv): ValidateFunction | undefined {
    if (schema === undefined) return undefined;
    if (!this.#compiled.has(name)) this.#compiled.set(name, ajv.compile(rooted(schema) as object));
    return this.#compiled.get(name);
  }
}

function problems(name: string, check: ValidateFunction): string[] {
  return (
    (check.errors ?? [])
      // GitHub gives null for the repository of a deleted fork, which only the webhooks' description knows.
      .filter(({ instancePath }) => !instancePath.endsWith('/head/repo'))
      .slice(0, 20)
      .map(({ instancePath, message, params }) => `${name}: ${instancePath} ${message} ${JSON.stringify(params)}`)
  );
}

/** A nullable value with a closed list or with alternatives may be null, which GitHub says once and Ajv wants said twice. */
function admitNull(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const { nullable, type, enum: values, anyOf, oneOf, allOf } = node as Record<string, unknown>;
  if (nullable === true && Array.isArray(values) && !values.includes(null)) values.push(null);
  if (nullable === true && type === undefined) {
    Reflect.deleteProperty(node, 'nullable');
    const alternatives = anyOf ?? oneOf;
    if (Array.isArray(alternatives)) alternatives.push({ type: 'null' });
    // Of an installation's account, "all of" a user and an enterprise: one of them is meant.
    else if (Array.isArray(allOf)) {
      Reflect.deleteProperty(node, 'allOf');
      Object.assign(node, { anyOf: [...(allOf as unknown[]), { type: 'null' }] });
    }
  }
  for (const inner of Object.values(node)) admitNull(inner);
}

/** References into the description, from a schema taken out of it. */
function rooted(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"api#/')) as unknown;
}
