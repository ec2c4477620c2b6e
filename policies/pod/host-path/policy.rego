# METADATA
# title: No host paths
# description: A hostPath volume reads and writes the node's own files, with those of every other pod on it.
# custom:
#   remedy: Use a PersistentVolumeClaim, a ConfigMap, a Secret or an emptyDir volume.
package sluice.pod.host_path

import data.sluice.lib.pod

deny contains {"msg": "hostPath mounts the node's file system", "path": field.path} if {
	some field in pod.controls
	field.name == "hostPath"
	mounts(field.value)
}

mounts(value) if {
	is_string(value)
	value != ""
}

mounts(value) if {
	is_string(value.path)
}
