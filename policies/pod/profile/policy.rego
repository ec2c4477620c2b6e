# METADATA
# title: No unconfined security profiles
# description: seccomp, AppArmor and SELinux keep a container from the kernel; Unconfined or a type of one's own turns them off.
# custom:
#   remedy: Use RuntimeDefault (or Localhost), or remove the field.
package sluice.pod.profile

import data.sluice.lib.pod

profiles := {"seccompProfile": "seccomp", "appArmorProfile": "AppArmor"}

deny contains {"msg": $"{profiles[field.name]} is Unconfined", "path": array.concat(field.path, ["type"])} if {
	some field in pod.controls
	profiles[field.name]
	is_string(field.value.type)
	lower(field.value.type) == "unconfined"
}

deny contains {"msg": "an annotation makes the container unconfined", "path": array.concat(field.path, [key])} if {
	some field in pod.annotations
	some key, value in field.value
	is_profile_annotation(key)
	is_string(value)
	lower(value) == "unconfined"
}

is_profile_annotation(key) if {
	startswith(key, "container.apparmor.security.beta.kubernetes.io/")
}

is_profile_annotation(key) if {
	startswith(key, "container.seccomp.security.alpha.kubernetes.io/")
}

is_profile_annotation("seccomp.security.alpha.kubernetes.io/pod")

selinux_types := {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}

deny contains {"msg": "the SELinux type is not a container's", "path": array.concat(field.path, ["type"])} if {
	some field in pod.controls
	field.name == "seLinuxOptions"
	type := field.value.type
	type != null
	not type in selinux_types
}

deny contains {"msg": $"an SELinux {name} is set", "path": array.concat(field.path, [name])} if {
	some field in pod.controls
	field.name == "seLinuxOptions"
	some name in ["user", "role"]
	not field.value[name] in {null, ""}
}
