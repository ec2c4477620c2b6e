# METADATA
# title: Own keys of shared secret stores
# description: A ClusterSecretStore serves all tenants; a tenant may only ask it for keys under its own prefix (limits.secretStores).
# custom:
#   remedy: Use a SecretStore of your own namespace, or a remote key under your own prefix.
package sluice.secret.store

applies if {
	startswith(input.object.apiVersion, "external-secrets.io/")
	input.tenant != null
}

spec := input.object.spec if {
	applies
}

# References to stores, [{"ref", "path"}]: the object's own, an entry's own, PushSecret's list.
stores := array.concat(
	[{"ref": spec.secretStoreRef, "path": ["spec", "secretStoreRef"]} | is_object(spec.secretStoreRef)],
	array.concat(
		[{"ref": ref, "path": ["spec", list, index, "sourceRef", "storeRef"]} |
			some list in ["data", "dataFrom"]
			some index, entry in spec[list]
			ref := entry.sourceRef.storeRef
		],
		[{"ref": ref, "path": ["spec", "secretStoreRefs", index]} | some index, ref in spec.secretStoreRefs],
	),
)

cluster_wide(ref) if {
	is_string(ref.kind)
	not ref.kind in {"SecretStore", ""}
}

prefixes(ref) := [key |
	some store in input.limits.secretStores
	store.name in {ref.name, "*"}
	some key in store.keys
]

deny contains {"msg": $"{store.ref.kind} {object.get(store.ref, "name", "")} is not open to this tenant", "path": store.path} if {
	applies
	some store in stores
	cluster_wide(store.ref)
	count(prefixes(store.ref)) == 0
}

# A store chosen by labels may be any store.
deny contains {"msg": "a ClusterSecretStore is chosen by labels", "path": store.path} if {
	applies
	some store in stores
	cluster_wide(store.ref)
	not is_string(store.ref.name)
}

# What is asked of a store: [{"ref", "key", "path"}]; key is null where no key bounds it.
asked := array.concat(
	[{"ref": store_of(entry), "key": object.get(entry, ["remoteRef", "key"], null), "path": ["spec", "data", index, "remoteRef", "key"]} |
		some index, entry in spec.data
		not entry.match
	],
	array.concat(from_entries, pushed),
)

from_entries := [{"ref": store_of(entry), "key": key_of(entry, way), "path": ["spec", "dataFrom", index, way]} |
	some index, entry in spec.dataFrom
	some way in ["extract", "find", "key"]
	entry[way]
]

pushed := [{"ref": ref, "key": object.get(entry, ["match", "remoteRef", "remoteKey"], null), "path": ["spec", "data", index, "match", "remoteRef", "remoteKey"]} |
	some index, entry in spec.data
	entry.match
	some ref in spec.secretStoreRefs
]

store_of(entry) := entry.sourceRef.storeRef if {
	entry.sourceRef.storeRef
} else := object.get(spec, "secretStoreRef", {})

key_of(entry, "extract") := object.get(entry.extract, "key", null)

key_of(entry, "key") := entry.key

# `find` searches the whole store unless it has a path.
key_of(entry, "find") := object.get(entry.find, "path", null)

own_key(ref, key) if {
	is_string(key)
	not ".." in split(key, "/")
	some prefix in prefixes(ref)
	startswith(key, prefix)
}

deny contains {"msg": $"{one.ref.kind} is asked for a key outside this tenant's prefix", "path": one.path} if {
	applies
	some one in asked
	cluster_wide(one.ref)
	count(prefixes(one.ref)) > 0
	not own_key(one.ref, one.key)
}

# A generator of the whole cluster may mint credentials of the platform's.
deny contains {"msg": "a ClusterGenerator is not open to tenants", "path": ["spec", "dataFrom", index, "sourceRef", "generatorRef"]} if {
	applies
	some index, entry in spec.dataFrom
	entry.sourceRef.generatorRef.kind == "ClusterGenerator"
}
