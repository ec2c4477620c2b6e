import { SluiceError } from '../../errors.ts';

/** Undefined where GitHub says that it is not there. */
export async function orGone<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SluiceError && error.code === 'github.gone') return undefined;
    throw error;
  }
}
