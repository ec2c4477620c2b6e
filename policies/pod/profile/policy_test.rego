package sluice.pod.profile_test

import data.sluice.pod.profile as rule

denied(spec) := result if {
	result := count(rule.deny) with input as {"object": {"apiVersion": "v1", "kind": "Pod", "spec": spec}}
}

test_seccomp_pod if {
	denied({"securityContext": {"seccompProfile": {"type": "Unconfined"}}}) == 1
}

test_seccomp_container if {
	denied({"containers": [{"image": "x", "securityContext": {"seccompProfile": {"type": "Unconfined"}}}]}) == 1
}

test_app_armor if {
	denied({"containers": [{"image": "x", "securityContext": {"appArmorProfile": {"type": "Unconfined"}}}]}) == 1
}

test_selinux if {
	denied({"securityContext": {"seLinuxOptions": {"type": "spc_t", "user": "root"}}}) == 2
}

test_fine if {
	denied({"securityContext": {"seccompProfile": {"type": "RuntimeDefault"}, "seLinuxOptions": {"level": "s0:c1"}}}) == 0
}

test_annotation if {
	annotations := {"container.apparmor.security.beta.kubernetes.io/web": "unconfined", "other": "unconfined"}
	object := {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"metadata": {"annotations": annotations}, "spec": {}}}}
	{found.path | some found in rule.deny} == {["spec", "template", "metadata", "annotations", "container.apparmor.security.beta.kubernetes.io/web"]} with input as {"object": object}
}
