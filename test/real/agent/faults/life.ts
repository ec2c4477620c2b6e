// The objects of one life beside its ConfigMaps: a namespace, a definition, and an object of the kind that it defines.
export function namespaceOf(name: string): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function definition(name: string): object {
  const group = `${name}.example.com`;
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

export function custom(name: string): object {
  return {
    apiVersion: `${name}.example.com/v1`,
    kind: 'Widget',
    metadata: { namespace: name, name: 'one' },
    spec: { size: 1 },
  };
}
