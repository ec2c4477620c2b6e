package sluice.secret.plaintext_test

import data.sluice.secret.plaintext as rule

paths(fields) := result if {
	result := {found.path | some found in rule.deny} with input as {"object": object.union({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}, fields)}
}

sealed := "ENC[AES256_GCM,data:p2E=,iv:AAAA,tag:BBBB,type:str]"

test_data if {
	paths({"data": {"password": "aHVudGVyMg=="}}) == {["data"]}
}

test_string_data if {
	paths({"stringData": {"password": "hunter2"}}) == {["stringData"]}
}

test_empty if {
	paths({"data": {}, "stringData": null}) == set()
}

test_sops if {
	paths({"data": {"password": sealed}, "sops": {"mac": sealed}}) == set()
}

test_sops_without_mac if {
	paths({"data": {"password": sealed}}) == {["data"]}
}

test_one_in_plain_text if {
	paths({"stringData": {"a": sealed, "b": "hunter2"}, "sops": {"mac": sealed}}) == {["stringData"]}
}

test_sealed_with_tail if {
	paths({"stringData": {"a": concat(" ", [sealed, "hunter2"])}, "sops": {"mac": sealed}}) == {["stringData"]}
}

test_wrong_types if {
	paths({"data": "hunter2"}) == {["data"]}
	paths({"data": {"a": 1}, "sops": {"mac": sealed}}) == {["data"]}
}

test_no_value_in_message if {
	every found in rule.deny {
		not contains(found.msg, "hunter2")
	} with input as {"object": {"apiVersion": "v1", "kind": "Secret", "stringData": {"hunter2": "hunter2"}}}
}

test_other_kinds if {
	count(rule.deny) == 0 with input as {"object": {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "data": {"a": "b"}}}
}
