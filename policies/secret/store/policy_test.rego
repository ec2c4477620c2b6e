package sluice.secret.store_test

import data.sluice.secret.store as rule

denied(spec, stores) := result if {
	result := count(rule.deny) with input as {
		"object": {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "spec": spec},
		"tenant": {"name": "acme", "namespaces": ["acme"]},
		"limits": {"secretStores": stores},
	}
}

default_stores := [{"name": "*", "keys": ["acme/"]}]

shared := {"kind": "ClusterSecretStore", "name": "vault"}

entry(key) := {"secretKey": "x", "remoteRef": {"key": key}}

test_own_store if {
	denied({"secretStoreRef": {"name": "mine"}, "data": [entry("other/x")]}, default_stores) == 0
}

test_own_prefix if {
	denied({"secretStoreRef": shared, "data": [entry("acme/db")]}, default_stores) == 0
}

test_foreign_prefix if {
	denied({"secretStoreRef": shared, "data": [entry("other/db")]}, default_stores) == 1
}

test_prefix_boundary if {
	denied({"secretStoreRef": shared, "data": [entry("acme-evil/db")]}, default_stores) == 1
}

test_climbing if {
	denied({"secretStoreRef": shared, "data": [entry("acme/../other/db")]}, default_stores) == 1
}

test_store_of_entry if {
	denied({"secretStoreRef": {"name": "mine"}, "data": [object.union(entry("other/db"), {"sourceRef": {"storeRef": shared}})]}, default_stores) == 1
}

test_extract if {
	denied({"secretStoreRef": shared, "dataFrom": [{"extract": {"key": "other/db"}}, {"extract": {"key": "acme/db"}}]}, default_stores) == 1
}

test_find_without_path if {
	denied({"secretStoreRef": shared, "dataFrom": [{"find": {"name": {"regexp": ".*"}}}]}, default_stores) == 1
}

test_find_with_path if {
	denied({"secretStoreRef": shared, "dataFrom": [{"find": {"path": "acme/", "name": {"regexp": ".*"}}}]}, default_stores) == 0
}

test_listed_store if {
	denied({"secretStoreRef": shared, "data": [entry("kv/acme/db")]}, [{"name": "vault", "keys": ["kv/acme/"]}]) == 0
}

test_unlisted_store if {
	denied({"secretStoreRef": shared, "data": [entry("acme/db")]}, [{"name": "other", "keys": ["acme/"]}]) == 1
}

test_generator if {
	denied({"dataFrom": [{"sourceRef": {"generatorRef": {"kind": "ClusterGenerator", "name": "x"}}}]}, default_stores) == 1
}

test_key_missing if {
	denied({"secretStoreRef": shared, "data": [{"secretKey": "x"}]}, default_stores) == 1
}

test_push if {
	spec := {"secretStoreRefs": [shared], "data": [{"match": {"secretKey": "x", "remoteRef": {"remoteKey": "other/db"}}}]}
	denied(spec, default_stores) == 1
}

test_push_by_labels if {
	denied({"secretStoreRefs": [{"kind": "ClusterSecretStore", "labelSelector": {}}]}, default_stores) > 0
}

test_platform if {
	count(rule.deny) == 0 with input as {
		"object": {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "spec": {"secretStoreRef": shared, "data": [entry("other/x")]}},
		"tenant": null, "limits": {"secretStores": []},
	}
}
