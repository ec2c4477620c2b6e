/** Our own, after GitHub's light theme. */
export const style = `
  * { box-sizing: border-box; }
  body { margin: 0; background: #fff; color: #1f2328; font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Inter, "DejaVu Sans", Helvetica, Arial, sans-serif; }
  a { color: #0969da; text-decoration: none; } a:hover { text-decoration: underline; }
  header { display: flex; align-items: center; gap: 12px; padding: 14px 24px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; }
  header a { color: #1f2328; } header b { font-weight: 600; } header .lab { margin-left: auto; color: #59636e; font-size: 12px; }
  nav { display: flex; gap: 8px; padding: 0 24px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; }
  nav a { padding: 8px; color: #1f2328; border-bottom: 2px solid transparent; } nav a.here { border-color: #fd8c73; font-weight: 600; }
  main { max-width: 1216px; margin: 24px auto; padding: 0 24px; }
  h1 { font-size: 32px; font-weight: 400; line-height: 1.25; margin: 0 0 8px; } h1 .icon { width: auto; } h1 .number { color: #59636e; font-weight: 300; }
  .muted { color: #59636e; } .small { font-size: 12px; } .mono, code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; }
  .branch { background: #ddf4ff; color: #0969da; border-radius: 6px; padding: 2px 5px; font: 12px ui-monospace, Menlo, "DejaVu Sans Mono", monospace; }
  .state { display: inline-block; border-radius: 2em; padding: 5px 12px; color: #fff; font-weight: 500; margin-right: 8px; }
  .state.open { background: #1f883d; } .state.draft { background: #59636e; } .state.merged { background: #8250df; } .state.closed { background: #cf222e; }
  .tabs { display: flex; gap: 4px; border-bottom: 1px solid #d1d9e0; margin: 16px 0 24px; } .tabs a { padding: 8px 16px; color: #1f2328; }
  .tabs a.here { border: 1px solid #d1d9e0; border-bottom: 1px solid #fff; border-radius: 6px 6px 0 0; margin-bottom: -1px; font-weight: 600; }
  .count { background: #818b981f; border-radius: 2em; padding: 0 6px; font-size: 12px; }
  .box { border: 1px solid #d1d9e0; border-radius: 6px; margin-bottom: 16px; background: #fff; }
  .box > .head { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; color: #59636e; }
  .box > .row { padding: 8px 16px; border-top: 1px solid #d1d9e0; display: flex; gap: 8px; align-items: baseline; } .box > .row:first-child { border-top: 0; }
  .row .title { font-weight: 600; color: #1f2328; font-size: 16px; } .grow { flex: 1; min-width: 0; }
  .timeline { max-width: 900px; } .entry { display: flex; gap: 16px; } .entry > .box { flex: 1; min-width: 0; }
  .avatar { width: 40px; height: 40px; border-radius: 50%; flex: none; } .avatar.bot { border-radius: 6px; } .avatar.tiny { width: 20px; height: 20px; }
  .author { color: #1f2328; font-weight: 600; } .label { border: 1px solid #d1d9e0; border-radius: 2em; padding: 0 7px; font-size: 12px; color: #59636e; }
  .event { margin: 0 0 16px 56px; color: #59636e; font-size: 12px; } .edited::before { content: " · "; }
  .icon { display: inline-block; width: 16px; text-align: center; font-weight: 700; } .success { color: #1a7f37; } .failure { color: #d1242f; } .pending { color: #9a6700; } .neutral { color: #59636e; }
  .merge { border-width: 1px; } .merge.ready { border-color: #1f883d; } .merge .row { align-items: center; }
  button { font: inherit; font-weight: 500; border: 1px solid #d1d9e0; border-radius: 6px; background: #f6f8fa; padding: 5px 16px; cursor: pointer; color: #25292e; }
  button.primary { background: #1f883d; border-color: #1f883d; color: #fff; } button:disabled { opacity: .6; cursor: default; }
  textarea { width: 100%; min-height: 90px; border: 1px solid #d1d9e0; border-radius: 6px; padding: 8px; font: inherit; } select { font: inherit; padding: 4px; } form { display: inline; }
  .body { padding: 16px; overflow-wrap: break-word; } .body > :first-child { margin-top: 0; } .body > :last-child { margin-bottom: 0; }
  .body h1, .body h2 { font-weight: 600; border-bottom: 1px solid #d1d9e0b3; padding-bottom: .3em; margin: 24px 0 16px; } .body h1 { font-size: 2em; } .body h2 { font-size: 1.5em; }
  .body h3 { font-size: 1.25em; font-weight: 600; margin: 24px 0 16px; } .body h4 { font-size: 1em; font-weight: 600; margin: 24px 0 16px; }
  .body p, .body table, .body pre, .body details, .body ul, .body ol, .body blockquote { margin: 0 0 16px; } .body ul, .body ol { padding-left: 2em; }
  .body blockquote { padding: 0 1em; color: #59636e; border-left: .25em solid #d1d9e0; } .body hr { border: 0; height: .25em; background: #d1d9e0; margin: 24px 0; }
  .body code { background: #818b981f; border-radius: 6px; padding: .2em .4em; font-size: 85%; white-space: break-spaces; }
  .body pre { background: #f6f8fa; border-radius: 6px; padding: 16px; overflow: auto; font-size: 85%; line-height: 1.45; } .body pre code { background: none; padding: 0; font-size: 100%; white-space: pre; }
  .body table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: auto; } .body th, .body td { border: 1px solid #d1d9e0; padding: 6px 13px; text-align: left; }
  .body tr:nth-child(2n) td { background: #f6f8fa; } .body summary { cursor: pointer; } .body img { max-width: 100%; } .body .mention { font-weight: 600; color: #1f2328; }
  .line { display: block; } .line.add { color: #116329; background: #dafbe1; } .line.del { color: #82071e; background: #ffebe9; } .line.hunk { color: #59636e; background: #ddf4ff; }
  .code { width: 100%; border-collapse: collapse; font: 12px/20px ui-monospace, Menlo, "DejaVu Sans Mono", monospace; } .code td { padding: 0 10px; white-space: pre-wrap; }
  .code td:first-child { width: 1%; text-align: right; color: #59636e; user-select: none; } .code tr:target td { background: #fff8c5; }
  pre.diff { margin: 0; padding: 0 0 8px; font-size: 12px; line-height: 20px; overflow: auto; } pre.diff .line { padding: 0 16px; }
  .annotation { border-left: 4px solid #d1d9e0; padding: 8px 16px; margin: 8px 0; } .annotation.failure { border-color: #d1242f; color: inherit; } .annotation.warning { border-color: #9a6700; } .annotation pre { margin: 4px 0 0; white-space: pre-wrap; font: inherit; }`;
