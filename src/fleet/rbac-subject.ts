// Whether a binding's subjects hold a service account (Kubernetes, pkg/registry/rbac/validation, `appliesToUser`).
import type { Binding, Subject } from './rbac-object.ts';
import type { ServiceAccountRef } from './tenant.ts';

/** The user name that the API server knows a service account by: `system:serviceaccount:a-dev:flux`. */
export function userOf(account: ServiceAccountRef): string {
  return `system:serviceaccount:${account.namespace}:${account.name}`;
}

/** Named itself, as a user, or through one of the groups that every service account is in. */
export function bindsAccount(binding: Binding, account: ServiceAccountRef): boolean {
  return binding.subjects.some(
    (subject) =>
      names(binding, subject, account) ||
      (subject.kind === 'Group' &&
        (subject.name === 'system:serviceaccounts' || subject.name === 'system:authenticated')),
  );
}

/** As `bindsAccount`, but not through the groups that hold every account of the cluster. */
export function bindsAccountNarrowly(binding: Binding, account: ServiceAccountRef): boolean {
  return binding.subjects.some((subject) => names(binding, subject, account));
}

function names(binding: Binding, subject: Subject, account: ServiceAccountRef): boolean {
  switch (subject.kind) {
    case 'ServiceAccount': {
      const namespace = subject.namespace === '' ? binding.namespace : subject.namespace;
      return namespace !== '' && namespace === account.namespace && subject.name === account.name;
    }
    case 'User':
      return subject.name === userOf(account);
    case 'Group':
      return subject.name === `system:serviceaccounts:${account.namespace}`;
  }
}
