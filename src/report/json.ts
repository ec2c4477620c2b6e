// The report for programs.
import type { Report } from './report.ts';

/**
 * Prints a report as JSON: two spaces of indentation, keys in a fixed order, no line feed at the end. Equal reports give
 * equal bytes. Fields are those of `Report`; additions may come, none goes away or changes its meaning within a major
 * version.
 */
export function renderJson(report: Report): string {
  const { verdict, source, base, head, merge } = report;
  const ordered: Report = {
    verdict,
    source,
    base,
    head,
    merge,
    clusters: report.clusters.map(({ name, kustomizations }) => ({
      name,
      kustomizations: kustomizations.map((one) => ({
        namespace: one.namespace,
        name: one.name,
        path: one.path,
        serviceAccount: one.serviceAccount,
        clusterBound: one.clusterBound,
        counts: {
          created: one.counts.created,
          configured: one.counts.configured,
          deleted: one.counts.deleted,
          unchanged: one.counts.unchanged,
        },
      })),
    })),
    violations: report.violations.map((one) => ({
      rule: one.rule,
      severity: one.severity,
      object: one.object,
      clusters: one.clusters,
      kustomization: one.kustomization,
      file: one.file,
      line: one.line,
      message: one.message,
      remedy: one.remedy,
      introduced: one.introduced,
      waivedUntil: one.waivedUntil,
    })),
    changes: report.changes.map((one) => ({
      action: one.action,
      object: one.object,
      clusters: one.clusters,
      kustomization: one.kustomization,
      file: one.file,
      line: one.line,
      risk: one.risk,
      summary: one.summary,
      diff: one.diff,
    })),
    errors: report.errors.map((one) => ({
      code: one.code,
      message: one.message,
      remedy: one.remedy,
      kustomization: one.kustomization,
      cluster: one.cluster,
      file: one.file,
      line: one.line,
    })),
    unknowns: report.unknowns.map(({ what, effect }) => ({ what, effect })),
    notes: report.notes,
    followers: report.followers,
  };
  return JSON.stringify(ordered, null, 2);
}
