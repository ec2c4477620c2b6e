// Where the command writes, and how it says what it is waiting for.
import type { SluiceError } from '../errors.ts';
import type { Progress } from '../ports.ts';

export interface Terminal {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Standard output is a terminal: colour is welcome. */
  readonly colour: boolean;
  /** Standard error is a terminal: a line may be written over. */
  readonly live: boolean;
  readonly width: number;
}

const clearLine = '\r\u001b[2K';

/** On a terminal one line that is written over; elsewhere a plain line for each step, once. */
export function progressOn(terminal: Terminal): { readonly progress: Progress; readonly clear: () => void } {
  const said = new Set<string>();
  const progress: Progress = (step, done, total) => {
    const count = done === undefined || total === undefined ? '' : ` ${done}/${total}`;
    if (terminal.live) terminal.error(`${clearLine}${step}${count} …`.slice(0, terminal.width + clearLine.length));
    else if (!said.has(step) && total === undefined) terminal.error(`${step} …\n`);
    said.add(step);
  };
  const clear = (): void => {
    if (terminal.live && said.size > 0) terminal.error(clearLine);
  };
  return { progress, clear };
}

/** `sluice: message`, the place and the remedy; no stack trace. */
export function writeError(terminal: Terminal, error: SluiceError): void {
  const { place } = error;
  const where = place === undefined ? '' : `\n  at ${place.file}${place.line === undefined ? '' : `:${place.line}`}`;
  const remedy = error.remedy === undefined ? '' : `\n  ${error.remedy}`;
  terminal.error(`sluice: ${error.message} [${error.code}]${where}${remedy}\n`);
}
