import { describe, expect, test } from 'vitest';
import { FairShare, lastTurn } from '../../../src/job/fair-share.ts';

/** A store that serves the lowest turn first and equal turns in order. */
class Line {
  readonly share = new FairShare();
  readonly waiting: { turn: number; came: number; repository: number }[] = [];
  #came = 0;

  add(repository: number, count = 1): void {
    for (let left = count; left > 0; left -= 1) {
      this.share.advance(this.#lowest());
      this.#came += 1;
      this.waiting.push({ turn: this.share.next(String(repository)), came: this.#came, repository });
    }
  }

  serve(count = 1): readonly number[] {
    this.waiting.sort((one, other) => one.turn - other.turn || one.came - other.came);
    return this.waiting.splice(0, count).map(({ repository }) => repository);
  }

  #lowest(): number | undefined {
    return this.waiting.length === 0 ? undefined : Math.min(...this.waiting.map(({ turn }) => turn));
  }
}

describe('FairShare', () => {
  test('lets a single job pass a flood', () => {
    const line = new Line();
    line.add(1, 200);
    line.serve(50);
    line.add(2);
    expect(line.serve(3)).toContain(2);
  });

  test('alternates between repositories, whatever each has waiting', () => {
    const line = new Line();
    line.add(1, 100);
    line.add(2, 10);
    line.add(3, 5);
    expect(line.serve(15).toSorted((one, other) => one - other)).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3]);
  });

  test("keeps each repository's own jobs in order", () => {
    const line = new Line();
    line.add(1, 5);
    line.serve(3);
    line.add(1, 5);
    line.waiting.sort((one, other) => one.turn - other.turn || one.came - other.came);
    expect(line.waiting.map(({ came }) => came)).toEqual([4, 5, 6, 7, 8, 9, 10]);
  });

  test('starves nobody while others keep adding one job each', () => {
    const line = new Line();
    line.add(1, 3);
    let served = 0;
    for (let round = 0; round < 20; round += 1) {
      line.add(2);
      line.add(3);
      served += line.serve(2).filter((repository) => repository === 1).length;
    }
    expect(served).toBe(3);
  });

  test('starts anew when nothing waits', () => {
    const share = new FairShare();
    for (let at = 0; at < 10; at += 1) share.next('1');
    share.advance(undefined);
    expect(share.next('1')).toBe(1);
  });

  test('takes a turn back once, and only the last', () => {
    const share = new FairShare();
    const first = share.next('1');
    const second = share.next('1');
    share.giveBack('1', first);
    expect(share.next('1')).toBe(3);
    share.giveBack('1', 3);
    expect(share.next('1')).toBe(3);
    expect([first, second]).toEqual([1, 2]);
  });

  test('stays within the priorities of the store', () => {
    const share = new FairShare();
    share.advance(lastTurn);
    expect([share.next('1'), share.next('1'), share.next('2')]).toEqual([lastTurn, lastTurn, lastTurn]);
  });

  test('remembers a bounded number of repositories', () => {
    const share = new FairShare();
    for (let repository = 1; repository <= 30_000; repository += 1) share.next(String(repository));
    expect(share.next('30000')).toBe(2);
    expect(share.next('1')).toBe(1);
  });
});
