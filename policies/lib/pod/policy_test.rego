package sluice.lib.pod_test

import data.sluice.lib.pod

# Every kind of Kubernetes' own that holds a pod template, and where.
kinds := [
	{"apiVersion": "v1", "kind": "Pod", "root": []},
	{"apiVersion": "v1", "kind": "PodTemplate", "root": ["template"]},
	{"apiVersion": "v1", "kind": "ReplicationController", "root": ["spec", "template"]},
	{"apiVersion": "apps/v1", "kind": "Deployment", "root": ["spec", "template"]},
	{"apiVersion": "apps/v1", "kind": "StatefulSet", "root": ["spec", "template"]},
	{"apiVersion": "apps/v1", "kind": "DaemonSet", "root": ["spec", "template"]},
	{"apiVersion": "apps/v1", "kind": "ReplicaSet", "root": ["spec", "template"]},
	{"apiVersion": "batch/v1", "kind": "Job", "root": ["spec", "template"]},
	{"apiVersion": "batch/v1", "kind": "CronJob", "root": ["spec", "jobTemplate", "spec", "template"]},
]

pod_spec := {
	"hostNetwork": true,
	"volumes": [{"name": "v", "hostPath": {"path": "/"}}],
	"containers": [{"name": "c", "image": "x", "ports": [{"hostPort": 80}], "securityContext": {"privileged": true}}],
	"initContainers": [{"name": "i", "image": "y", "securityContext": {"procMount": "Unmasked"}}],
	"ephemeralContainers": [{"name": "e", "image": "z", "securityContext": {"capabilities": {"add": ["ALL"]}}}],
}

object_of(kind) := json_at(kind, kind.root)

json_at(kind, []) := {"apiVersion": kind.apiVersion, "kind": kind.kind, "spec": pod_spec}

json_at(kind, ["template"]) := {"apiVersion": kind.apiVersion, "kind": kind.kind, "template": {"spec": pod_spec}}

json_at(kind, ["spec", "template"]) := {"apiVersion": kind.apiVersion, "kind": kind.kind, "spec": {"template": {"spec": pod_spec}}}

json_at(kind, ["spec", "jobTemplate", "spec", "template"]) := {
	"apiVersion": kind.apiVersion, "kind": kind.kind,
	"spec": {"jobTemplate": {"spec": {"template": {"spec": pod_spec}}}},
}

expected(root) := {array.concat(root, path) | some path in [
	["spec", "hostNetwork"], ["spec", "volumes", 0, "hostPath"], ["spec", "containers", 0, "ports", 0, "hostPort"],
	["spec", "containers", 0, "securityContext", "privileged"],
	["spec", "initContainers", 0, "securityContext", "procMount"],
	["spec", "ephemeralContainers", 0, "securityContext", "capabilities"],
]}

test_every_kind if {
	every kind in kinds {
		found := {field.path | some field in pod.controls} with input as {"object": object_of(kind)}
		found == expected(kind.root)
	}
}

test_images_of_every_kind if {
	every kind in kinds {
		found := [field.value | some field in pod.images] with input as {"object": object_of(kind)}
		sort(found) == ["x", "y", "z"]
	}
}

test_custom_kind_at_any_depth if {
	object := {"apiVersion": "example.com/v1", "kind": "Fleet", "spec": {"a": [{"podTemplate": {"spec": pod_spec}}]}}
	found := {field.path | some field in pod.controls} with input as {"object": object}
	found == expected(["spec", "a", 0, "podTemplate"])
}

# A kind of the same name in another group is not Kubernetes' own.
test_homonym if {
	object := {"apiVersion": "batch.volcano.sh/v1", "kind": "Job", "spec": {"tasks": [{"template": {"spec": pod_spec}}]}}
	found := {field.path | some field in pod.controls} with input as {"object": object}
	found == expected(["spec", "tasks", 0, "template"])
}

test_labels_are_no_fields if {
	object := {"apiVersion": "example.com/v1", "kind": "X", "metadata": {"labels": {"privileged": "true"}}, "spec": {}}
	count(pod.controls) == 0 with input as {"object": object}
}

test_config_map_is_not_searched if {
	object := {"apiVersion": "v1", "kind": "ConfigMap", "data": {"privileged": "true"}}
	count(pod.controls) == 0 with input as {"object": object}
}

test_on if {
	every text in [true, "true", "yes", "On", " Y "] {
		pod.on(text)
	}
	every text in [false, "false", "no", "", "{{ .Values.host }}", null, 1, [true]] {
		not pod.on(text)
	}
}
