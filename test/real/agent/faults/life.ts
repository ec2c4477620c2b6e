// The objects of one life beside its ConfigMaps: a namespace, a definition, and an object of the kind that it defines.
import { widgetDefinition } from '../../widgets.ts';

export function namespaceOf(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function definition(name: string): object {
  return widgetDefinition(`${name}.example.com`);
}

export function custom(name: string): object {
  return {
    apiVersion: `${name}.example.com/v1`,
    kind: 'Widget',
    metadata: { namespace: name, name: 'one' },
    spec: { size: 1 },
  };
}
