// Every case of the groups that an apply answers for, and what check and review leave to it, is in a test's title or met
// by tests that are named here.
import { type NamedTest, testMap } from '../../../adversarial-cases.ts';

/** The ids of the list of adversarial cases; they have gaps. */
const groups: Readonly<Record<string, readonly number[]>> = {
  'J: exhaustion': [211, 212, 214, 216, 217, 219, 221, 222],
  'N: loss of the store': [269, 271, 272, 274, 276, 277],
  'O: the Kubernetes API': [279, 281, 282, 284, 286, 287, 289, 291, 292, 294, 296, 297, 299, 301, 302, 304],
  'R: clock, disk, process': [322, 324, 326, 327, 329, 331, 332, 334],
  'of a check': [6, 11, 29, 31, 37, 49, 52, 71, 84, 111, 171, 249],
  'of a review': [142, 154, 227, 239, 251, 252, 254, 307, 314, 319],
};

/** Where titles begin with the number of a case. */
const folders = [
  'real/agent/adversarial',
  'real/agent/faults',
  'real/apply',
  'real/kube',
  'real/queue',
  'unit/adversarial',
];

/** Tests that meet a case, or a part of it, under a title of their own. */
const named: Readonly<Record<number, readonly NamedTest[]>> = {
  6: [
    ['unit/apply/prune.test.ts', 'but not while its group cannot be asked'],
    ['real/kube/cluster.test.ts', 'of a group whose server is down are not complete'],
  ],
  29: [['real/agent/drift.test.ts', 'a switch that is planted on an object of the platform']],
  31: [
    ['real/apply/apply.test.ts', 'what another Kustomization owns'],
    ['real/agent/identity.test.ts', 'no tenant keeps the platform from changing, taking or deleting an object'],
  ],
  52: [
    ['real/kube/transport.test.ts', 'what is sent is the JSON as it stands, with every number and field'],
    ['real/kube/cluster.test.ts', 'names the field that a schema does not have, of built-in and custom kinds'],
    ['real/apply/apply.test.ts', 'every object that cannot be applied, at once, and nothing is written'],
  ],
  71: [['unit/apply/prepare.test.ts', '%s cannot be applied']],
  84: [
    ['real/agent/deletions.test.ts', 'a build without objects stops, whatever its number, until that revision'],
    ['real/agent/deletions.test.ts', 'a path that vanished is an error of the artifact, and deletes nothing'],
  ],
  111: [
    ['real/git/early-pack.test.ts', 'where its pack fails (%s), it is asked for again in order'],
    ['real/app/adversarial/git-faults.test.ts', '316 %s is a passing failure, nothing of it is kept'],
  ],
  216: [
    ['real/policy/engine.test.ts', 'is killed in time, replaced, and fails alone; the event loop stays free'],
    ['real/policy/engine.test.ts', 'keeps nobody waiting while it lasts, however few threads there are'],
    ['real/policy/engine.test.ts', 'cannot take more memory than it may'],
  ],
  217: [
    ['real/renderer/kill.test.ts', '%s: fails that request with %s, twice, and the next one works'],
    ['real/renderer/real.test.ts', '%s, and the next build works'],
    ['real/renderer/pool.test.ts', 'leaves no process and no folder behind'],
    ['unit/renderer/frame.test.ts', 'over the limit are refused by their header alone'],
  ],
  219: [['real/queue/contract.test.ts', 'does not let a repository that floods delay another']],
  221: [
    ['real/kube/size.test.ts', '50,000 objects are followed in 50 pages and less than 50 MiB'],
    ['real/kube/size.test.ts', '10,000 groups of one kind are discovered at once and held in less than 30 MiB'],
    ['unit/kube/discovery.test.ts', 'has an end'],
  ],
  249: [['real/agent/identity.test.ts', 'a commit that changes the rules makes tenants due']],
  227: [
    ['real/apply/apply.test.ts', 'a Secret, without a word of what it holds or what is there'],
    ['unit/apply/compare.test.ts', 'values never leave: only paths do (CVE-2026-42880)'],
  ],
  251: [['real/agent/faults/every-kill.test.ts', 'wherever an agent is killed, the next one brings about the same']],
  252: [['real/agent/faults/every-kill.test.ts', 'deletes nothing else and forgets nothing']],
  254: [
    ['real/agent/faults/every-kill.test.ts', 'deletes nothing else and forgets nothing'],
    ['real/agent/faults/frozen.test.ts', 'an agent that is frozen %s goes nowhere when it thaws'],
  ],
  272: [
    ['real/queue/servers.test.ts', 'is refused when it may evict (%s)'],
    ['real/queue/servers.test.ts', 'is full: adding fails, what is there can still be worked on'],
  ],
  276: [
    ['real/queue/servers.test.ts', 'is brought up to date once, however many start together'],
    ['real/queue/servers.test.ts', 'is refused when a newer version has brought it up to date'],
    ['real/queue/servers.test.ts', 'vanishes: adding fails at once, and all goes on when it is back'],
    ['real/queue/servers.test.ts', 'is away while a job runs: the run is stopped once its lock has run out'],
    ['real/queue/servers.test.ts', 'has a connection for each of many clusters that one process works for'],
  ],
  279: [
    ['real/apply/apply.test.ts', 'fields that another manager applied, on first contact'],
    ['real/apply/apply.test.ts', 'are put back where Git does'],
    ['real/apply/apply.test.ts', 'are left alone by a rule, while the rest is put right, and when they leave Git'],
    ['real/apply/apply.test.ts', 'are given up to a manager that applies them'],
    ['real/agent/drift.test.ts', 'replicas that Git does not say, or that a rule leaves to others, stay'],
  ],
  281: [
    ['real/health/status.test.ts', 'another attempt in between wins, and the patch of the first is refused'],
    ['real/agent/faults/frozen.test.ts', 'a run that another one gave way to, and that was told to stop itself'],
  ],
  286: [
    ['real/agent/deletions.test.ts', 'so does one whose account is gone, and says so'],
    ['real/agent/identity.test.ts', 'a missing RoleBinding is a condition with verb and resource'],
  ],
  287: [
    ['unit/kube/identity.test.ts', 'is stopped with %s'],
    ['unit/kube/identity.test.ts', 'is refused with the name %j or namespace'],
    ['real/kube/identity.test.ts', 'every request of a writer carries exactly its account'],
    ['real/kube/identity.test.ts', 'there is no writer: %j'],
    ['real/agent/identity.test.ts', 'every write of a tenant is its service account’s'],
  ],
  292: [['real/apply/prune.test.ts', 'what finalizers hold stays in the inventory until it is gone']],
  291: [['real/apply/prune.test.ts', 'resolves its entries, and only then']],
  294: [
    ['real/apply/force.test.ts', 'is refused without force, with the way to it; nothing is deleted'],
    ['real/apply/force.test.ts', 'is brought about by force, as another object'],
    ['real/apply/force.test.ts', 'that is a PersistentVolumeClaim'],
    ['unit/apply/recreate.test.ts', 'that is a %s'],
  ],
  296: [
    ['real/apply/prune.test.ts', 'an object that was made anew since is another one'],
    ['real/kube/cluster.test.ts', 'takes the object with this uid, and no other that has its name'],
  ],
  297: [
    ['real/agent/identity.test.ts', 'and its forged inventory deletes nothing'],
    ['real/apply/prune.test.ts', '%s stays'],
    ['unit/apply/prune.test.ts', 'nor one outside of what the Kustomization may touch'],
  ],
  299: [
    ['real/agent/deletions.test.ts', 'what was taken out of Git while nothing was pruned is not deleted later'],
    ['real/agent/deletions.test.ts', 'deletionPolicy decides what goes with a Kustomization'],
  ],
  319: [['real/app/adversarial/git-faults.test.ts', '314 319 a force push to an unrelated commit is fetched']],
  327: [['real/git/windows.test.ts', '327: a window of a pack of %i bytes keeps nothing beside them']],
  329: [
    ['real/agent/pair.test.ts', 'they come to the same end, and to rest'],
    ['real/agent/pair.test.ts', 'what is deleted is deleted once, and what drifts is put right'],
    ['real/queue/contract.test.ts', 'keeps one job of a subject active and the newest one waiting'],
  ],
  331: [
    ['unit/log/log.test.ts', 'cannot be forged, and no terminal or reader obeys what stands in them'],
    ['unit/log/log.test.ts', 'stay short'],
  ],
  332: [['real/server/limits.test.ts', 'nothing else is there']],
  334: [
    ['real/deploy/image.test.ts', 'installs what the lockfile names, without development and without scripts'],
    ['real/deploy/image.test.ts', 'ends as somebody who is not root, by number, with no shell between'],
    ['unit/job/job.test.ts', 'takes a polluted prototype for nothing'],
  ],
};

/** Parts of cases that the product has no feature for, and what it does instead. */
const partly: Readonly<Record<number, string>> = {
  71: 'nothing is decrypted yet, so that no value can be copied: what is encrypted is refused',
  142: 'a forced branch is told and applied, as Flux does; there are no approvals that could hold it yet',
  279: 'fields of an object of its own are taken back, as Flux does, and it is said from whom; first contact takes nothing',
  286: 'a right that comes back lets an apply go on by itself; a deletion ends with the timeout, and tells what stays',
  314: 'as 142',
  329: 'there is no leader: what is scheduled twice is one job',
  332: 'there are no metrics yet',
  334: 'the image is Debian’s slim one, which has a shell, though nothing of Sluice’s runs one; the audit is up to whoever builds it',
};

testMap({ groups, folders, named, partly });
