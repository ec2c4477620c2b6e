// Every case of the groups that a review answers for is in a test's title here, or listed with where or when it is met.
import { testMap } from '../../../adversarial-cases.ts';

/** The ids of the list of adversarial cases; they have gaps. */
const groups: Readonly<Record<string, readonly number[]>> = {
  'F: pull requests': [137, 139, 141, 142, 144, 146, 147, 149, 151, 152, 154, 156, 157, 159, 161],
  'H: webhooks': [184, 186, 187, 189, 191, 192, 194, 196],
  'K: Secrets': [224, 226, 227, 229, 231, 232, 234, 236, 237, 239],
  'M: queue and workers': [251, 252, 254, 256, 257, 259, 261, 262, 264, 266, 267],
  'N: loss of the store': [269, 271, 272, 274, 276, 277],
  "P: GitHub's API": [306, 307, 309, 311, 312],
  'Q: Git servers': [314, 316, 317, 319, 321],
};

/** Cases that no test here meets. */
const elsewhere: Readonly<Record<number, string>> = {
  154: 'a revert that overtakes an apply: test/real/agent',
  157: 'rights that are lost between approval and apply: reviews take no approvals',
  227: 'a dry run against a live Secret, which a review does not ask for: test/real/apply',
  251: 'a kill before the inventory is written: test/real/agent/faults',
  252: 'a kill after the inventory is written: test/real/agent/faults',
  254: 'a kill in a prune: test/real/agent/faults',
  264: 'schedulers: sweeps are asked for by each worker’s own timer, so that none is kept in the store',
  231: 'SOPS: nothing is decrypted yet, by a review or an apply, which refuses it (test/unit/apply/prepare.test.ts)',
  232: 'SOPS outside of Secrets: nothing is decrypted yet; a review shows the ciphertext, an apply refuses it',
  234: 'SOPS recipients without end: nothing is decrypted yet',
  311: 'a wrong clock: test/real/github, where the clock can be set',
};

/** Cases in the tests with a part that only an apply, or commands in comments, meet. */
const partly: Readonly<Record<number, string>> = {
  142: 'that a branch was forced is told by the apply (test/real/agent); there are no approvals that could hold it yet',
  144: 'there are no commands in comments yet; that they do nothing is what is tested',
  239: 'what the cluster, the inventory and the store keep: test/real/agent',
  307: 'an apply goes on where GitHub takes no comment: test/real/agent',
  314: 'it is applied, told, and held against what was applied: test/real/agent',
  319: 'whether the new head descends from the applied commit is told by the apply, which has the whole history',
};

/** Cases that tests of other folders meet: the file below test/, and words of the title. */
const named: Readonly<Record<number, readonly (readonly [string, string])[]>> = {
  184: [
    ['real/server/limits.test.ts', 'an announced gigabyte is refused before a byte of it'],
    ['real/server/limits.test.ts', 'chunks without end are cut at the limit'],
    ['real/server/limits.test.ts', 'a body that never ends'],
    ['real/server/webhook.test.ts', 'a compressed body is not unpacked'],
  ],
  186: [
    ['real/server/webhook.test.ts', 'sent a hundred times is the same job a hundred times'],
    ['real/app/faults.test.ts', 'each webhook comes five times'],
  ],
  187: [['real/app/faults.test.ts', 'webhooks come in another order']],
  189: [
    ['real/server/webhook.test.ts', 'for another App is dropped'],
    ['real/github/lab.test.ts', 'suspended, unselected, archived'],
  ],
  191: [['real/server/webhook.test.ts', 'that asks for nothing is accepted, and the log says why']],
  192: [['real/server/webhook.test.ts', 'signed and hostile: depth, __proto__, duplicate keys']],
  194: [
    ['real/server/limits.test.ts', 'of signed deliveries costs one job each'],
    ['real/queue/contract.test.ts', 'does not let a repository that floods delay another'],
    ['real/app/fairness.test.ts', 'those who wait for one review wait for each other'],
  ],
  196: [
    ['real/server/webhook.test.ts', 'path %s'],
    ['real/server/webhook.test.ts', 'requests read two ways'],
    ['real/server/limits.test.ts', 'nothing else is there'],
  ],
  256: [['real/app/faults.test.ts', '256, 257: a frozen worker that thaws']],
  257: [['real/queue/contract.test.ts', 'stops a run that lost its lock while the process was frozen']],
  259: [['real/queue/contract.test.ts', 'runs a job again however often its workers are killed']],
  261: [['real/queue/contract.test.ts', 'keeps one job of a subject active and the newest one waiting']],
  262: [['real/queue/contract.test.ts', 'takes the same job again once it is over']],
  266: [['real/queue/contract.test.ts', 'leaves a job of a newer version to newer workers']],
  267: [['real/queue/contract.test.ts', 'does not try a terminal failure again, nor what is no error of ours']],
  269: [['real/app/faults.test.ts', '269: the store is emptied while idle']],
  271: [['real/app/faults.test.ts', '271: the store dies with jobs in hand']],
  272: [
    ['real/app/faults.test.ts', '272: the store is full'],
    ['real/queue/servers.test.ts', 'is refused when it may evict'],
  ],
  274: [
    ['real/app/pull-request.test.ts', '274: believes the store neither'],
    ['real/queue/contract.test.ts', 'drops what is no job'],
  ],
  276: [
    ['real/queue/servers.test.ts', 'is brought up to date once, however many start together'],
    ['real/queue/servers.test.ts', 'is refused when a newer version has brought it up to date'],
    ['real/queue/servers.test.ts', 'vanishes: adding fails at once, and all goes on when it is back'],
  ],
  277: [['real/queue/servers.test.ts', '277: has forgotten the connection on which a worker listens']],
};

testMap({ groups, folders: ['real/app/adversarial'], named, elsewhere, partly });
