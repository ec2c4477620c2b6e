# METADATA
# title: No unmasked /proc
# description: procMount Unmasked shows a container the kernel's settings that are hidden for good reason.
# custom:
#   remedy: Remove procMount.
package sluice.pod.proc_mount

import data.sluice.lib.pod

deny contains {"msg": "procMount is not Default", "path": field.path} if {
	some field in pod.controls
	field.name == "procMount"
	not field.value in {null, "", "Default"}
}
