// What a finding weighs for the owner of the object.
import type { PolicyFinding } from '../ports.ts';

/**
 * The findings as they count for this object's owner. A shipped rule's deny is a warning for the platform, which is
 * trusted with the cluster; the platform's own rules deny the platform too.
 *
 * @param shipped ids of the shipped rules in force, from `selectPolicies`
 */
export function weigh(
  findings: readonly PolicyFinding[],
  shipped: ReadonlySet<string>,
  platform: boolean,
): readonly PolicyFinding[] {
  return findings.map((finding) =>
    platform && finding.severity === 'deny' && shipped.has(finding.rule) ? { ...finding, severity: 'warn' } : finding,
  );
}
