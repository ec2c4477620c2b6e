// Every case of the groups that a deploy answers for, and what checks and reviews left to it.
import { testMap } from '../../case-map.ts';

testMap({
  groups: {
    'J: exhaustion': [211, 212, 214, 216, 217, 219, 221, 222],
    'N: loss of the store': [269, 271, 272, 274, 276, 277],
    "O: Kubernetes' API": [279, 281, 282, 284, 286, 287, 289, 291, 292, 294, 296, 297, 299, 301, 302, 304],
    'R: clock, disk, process': [322, 324, 326, 327, 329, 331, 332, 334],
    'A: manifests, at the cluster': [6, 11, 29, 31, 37, 49, 52],
    'B: kustomize, at the cluster': [71, 84],
    'D: Git objects, at the cluster': [111],
    'F, K and G, at the cluster': [154, 171, 239],
    'L: policy, at the cluster': [249],
    'M: kills': [251, 252, 254],
  },
  titled: ['real/agent/adversarial', 'real/agent/faults', 'real/apply', 'real/kube', 'unit/adversarial'],
  named: {
    52: [
      ['real/kube/transport.test.ts', 'what is sent is the JSON as it stands, with every number and field'],
      ['real/kube/cluster.test.ts', 'names the field that a schema does not have'],
    ],
    84: [['real/agent/deletions.test.ts', 'a build without objects stops, whatever its number, until that revision']],
    111: [
      [
        'real/app/adversarial/git-faults.test.ts',
        'is a passing failure, nothing of it is kept, and the next fetch is whole',
      ],
      ['real/git/early-pack.test.ts', 'truncate'],
    ],
    216: [['real/policy/engine.test.ts', 'a hostile rule or object']],
    217: [
      ['real/renderer/kill.test.ts', 'fails that request with %s, twice, and the next one works'],
      ['real/renderer/pool.test.ts', 'leaves no process and no folder behind'],
    ],
    221: [
      ['real/kube/size.test.ts', '10,000 groups of one kind are discovered at once and held in less than 30 MiB'],
      ['real/kube/size.test.ts', '50,000 objects are followed in 50 pages and less than 50 MiB'],
    ],
    249: [['real/agent/identity.test.ts', 'a commit that changes the rules makes tenants due']],
    251: [['real/agent/faults/every-kill.test.ts', 'wherever an agent is killed']],
    252: [['real/agent/faults/every-kill.test.ts', 'wherever an agent is killed']],
    254: [
      ['real/agent/faults/every-kill.test.ts', 'wherever an agent is killed'],
      ['real/apply/prune.test.ts', 'an object that was made anew since is another one'],
    ],
    276: [
      ['real/queue/servers.test.ts', 'is brought up to date once, however many start together'],
      ['real/queue/servers.test.ts', 'is refused when a newer version has brought it up to date'],
      ['real/queue/servers.test.ts', 'vanishes: adding fails at once, and all goes on when it is back'],
      ['real/queue/servers.test.ts', 'has a connection for each of many clusters that one process works for'],
    ],
    277: [['real/queue/servers.test.ts', 'has forgotten the connection on which a worker listens: it looks by itself']],
    279: [
      ['real/apply/apply.test.ts', 'are left alone by a rule, while the rest is put right'],
      ['real/apply/apply.test.ts', 'fields that another manager applied, on first contact'],
      ['real/kube/cluster.test.ts', 'names the manager and the field that it would have to take'],
    ],
    287: [
      ['real/kube/identity.test.ts', 'every request of a writer carries exactly its account'],
      ['real/kube/identity.test.ts', 'there is no writer'],
      ['real/kube/identity.test.ts', 'two writers side by side never lend each other an account'],
    ],
    292: [
      ['real/apply/prune.test.ts', 'what finalizers hold stays in the inventory until it is gone'],
      ['real/agent/deletions.test.ts', 'deletionPolicy decides what goes with a Kustomization'],
      ['real/health/workloads.test.ts', 'a Namespace is Active, and Terminating once it goes'],
    ],
    294: [
      ['real/apply/force.test.ts', 'is refused without force, with the way to it; nothing is deleted'],
      ['real/apply/force.test.ts', 'is brought about by force, as another object'],
      ['real/apply/force.test.ts', 'that is a PersistentVolumeClaim'],
    ],
    296: [
      ['real/apply/prune.test.ts', 'an object that was made anew since is another one'],
      ['real/kube/cluster.test.ts', 'takes the object with this uid, and no other that has its name'],
    ],
    297: [
      ['real/agent/identity.test.ts', 'its forged inventory deletes nothing'],
      [
        'real/agent/adversarial/cluster.cases.ts',
        '049: what runs in the namespace as the tenant’s account writes no inventory',
      ],
    ],
    329: [
      ['real/agent/pair.test.ts', 'they come to the same end, and to rest'],
      ['real/agent/pair.test.ts', 'when one of them is stopped amid a commit, the other brings it about'],
    ],
    331: [
      ['unit/log/log.test.ts', 'cannot be forged, and no terminal or reader obeys what stands in them'],
      ['unit/log/log.test.ts', 'stay short'],
    ],
  },
  elsewhere: {
    71: 'nothing is decrypted yet: a Kustomization with spec.decryption is refused, with the reason',
  },
  partly: {
    334: 'the image has a shell, since no other base could be tried here',
  },
});
