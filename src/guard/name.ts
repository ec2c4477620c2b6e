// tenant/metadata, first part: apiVersion, kind and name, of which every request's path is made.
import { isAbsent } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import { showIdentifier, showText, showValue } from '../object/show.ts';
import { type Found, unresolvedIn } from './candidate.ts';

const label = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
/** As Kubernetes has it: its parts are not held to the 63 characters of a label. */
const part = '[a-z0-9](?:[-a-z0-9]{0,251}[a-z0-9])?';
const subdomain = new RegExp(`^${part}(?:\\.${part})*$`);
const namespaceForm = new RegExp(`^${label}$`);
const versionForm = /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const kindForm = /^[A-Za-z](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
/** What RBAC objects may be called: anything that is one segment of a path; we leave out what needs escaping in one. */
const segment = /^[A-Za-z0-9._:@+=~,!$&'()*;|^-]+$/;

/** A DNS-1123 label. */
export function isNamespaceName(text: string): boolean {
  return namespaceForm.test(text);
}

/** A DNS-1123 subdomain of at most 253 characters. */
export function isSubdomain(text: string): boolean {
  return text.length <= 253 && subdomain.test(text);
}

/** Why the object cannot be addressed, or nothing. */
export function malformedIdentity(object: KubeObject, group: string): Found[] {
  return [...apiVersion(object.apiVersion), ...kind(object.kind), ...name(object, group)];
}

function apiVersion(text: string): Found[] {
  const parts = text.split('/');
  const version = parts.at(-1) ?? '';
  const core = parts.length === 1 && text === 'v1';
  const grouped = parts.length === 2 && isSubdomain(parts[0] ?? '') && versionForm.test(version);
  if (core || grouped) return [];
  return [
    {
      message: `apiVersion ${showText(text)} is neither v1 nor <group>/<version>`,
      remedy: 'write it as the API documents it, such as apps/v1',
      path: ['apiVersion'],
    },
  ];
}

function kind(text: string): Found[] {
  if (kindForm.test(text)) return [];
  return [
    {
      message: `kind ${showText(text)} is not the name of a kind`,
      remedy: 'write it as the API documents it, such as Deployment',
      path: ['kind'],
    },
  ];
}

function name(object: KubeObject, group: string): Found[] {
  const written = object.metadata.name;
  if (isAbsent(written) || written === '') {
    const generated = !isAbsent(object.metadata['generateName']);
    const message = generated
      ? 'the object has metadata.generateName and no name: it would be another object at every apply'
      : 'the object has no name';
    return [
      { message, remedy: 'give it a metadata.name', path: generated ? ['metadata', 'generateName'] : ['metadata'] },
    ];
  }
  const path = ['metadata', 'name'];
  if (typeof written !== 'string') {
    return [{ message: `metadata.name is ${showValue(written)}, not a text`, remedy: 'put it in quotes', path }];
  }
  const variable = unresolvedIn(written);
  if (variable !== undefined) {
    return [
      {
        message: `metadata.name holds ${showText(variable)}, whose value only the cluster knows, so it is not known which object this is`,
        remedy:
          'write the name out, or give the variable its value in Git (postBuild.substitute or a ConfigMap in the fleet)',
        path,
      },
    ];
  }
  const free = group === 'rbac.authorization.k8s.io';
  if (free ? isSegment(written) : isSubdomain(written)) return [];
  return [
    {
      message: `metadata.name ${showText(written)} is not a legal name of a ${showIdentifier(object.kind)}`,
      remedy: free
        ? 'use letters, digits, dots, dashes and colons'
        : 'use at most 253 lower-case letters, digits, dashes and dots, with a letter or digit at both ends',
      path,
    },
  ];
}

/** What an RBAC object may be called. */
export function isSegment(text: string): boolean {
  return text.length <= 253 && text !== '.' && text !== '..' && segment.test(text);
}
