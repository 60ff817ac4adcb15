import { FrameDecoder, ProtocolError } from '../protocol/frame.ts';
import type { HostMessage, RunOutcome } from '../protocol/messages.ts';
import { InvocationLine, type InvocationRequest } from './invocation-line.ts';
import { VmGoneError } from './vm-gone.error.ts';

const LIMITS = {
  maxCpuMs: 1000,
  maxMemoryMb: 16,
  maxResultBytes: 10,
  maxLogBytes: 10,
  maxLogEntries: 1,
  maxApiArgumentBytes: 10,
};

interface Sent {
  readonly header: HostMessage;
  readonly texts: readonly string[];
}

describe('InvocationLine', () => {
  let sent: Sent[];
  let events: string[];
  let metersItself: boolean;
  let line: InvocationLine;

  beforeEach(() => {
    // What a line of another test sends late is not for this one.
    const own: Sent[] = (sent = []);
    events = [];
    metersItself = false;
    let lastId = 0;
    const decoder = new FrameDecoder(2 ** 20, 2 ** 20, Infinity);
    line = new InvocationLine({
      nextId: () => ++lastId,
      write: (frame) => {
        decoder.push(frame, ({ header, attachments }) => {
          own.push({ header: header as HostMessage, texts: attachments.map(String) });
        });
      },
      metersItself: () => metersItself,
      maxOverlap: 3,
      onOutcome: ({ kind }: RunOutcome) => events.push(`outcome ${kind}`),
    });
  });

  const send = (name: string, request: Partial<InvocationRequest> = {}, realm = 1): void => {
    line.send(realm, {
      executionId: name,
      timeoutMs: 500,
      deadlineMs: 500,
      contextJson: '{"of":"all"}',
      inputJson: `"${name}"`,
      limits: LIMITS,
      onCall: undefined,
      onReply: ({ resultJson }) => events.push(`${name} came to ${resultJson}`),
      onRecalled: () => events.push(`${name} is back`),
      onGone: ({ reason }, hasBegun) => events.push(`${name} is gone: ${reason}${hasBegun ? ', begun' : ''}`),
      ...request,
    });
  };
  const sentLater = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const answer = (id: number, resultJson = '1'): void => {
    line.answered({ id, cpuMs: 0, heapBytes: 0, resultJson, resultBytes: resultJson.length });
  };

  it('sends the first at once, and those behind it together', async () => {
    send('a');
    expect(sent).toHaveLength(1);
    send('b');
    send('c');
    await sentLater();
    expect(sent.map(({ header }) => header)).toEqual([
      { type: 'invoke', realm: 1, items: [[1, 500, 'a', 500, 1]] },
      {
        type: 'invoke',
        realm: 1,
        items: [
          [2, 500, 'b', 500, 0],
          [3, 500, 'c', 500, 0],
        ],
      },
    ]);
    expect(sent.map(({ texts }) => texts)).toEqual([
      ['{"of":"all"}', '"a"'],
      ['"b"', '"c"'],
    ]);
  });

  it('sends a context where it is another, or for another realm', async () => {
    send('a');
    send('b', { contextJson: '{"of":"b"}' });
    send('c', { contextJson: '{"of":"b"}' }, 2);
    await sentLater();
    expect(sent.map(({ texts }) => texts)).toEqual([
      ['{"of":"all"}', '"a"'],
      ['{"of":"b"}', '"b"'],
      ['{"of":"b"}', '"c"'],
    ]);
  });

  it('sends a context again when the isolate is another', () => {
    send('a');
    answer(1);
    line.forgetAll();
    send('b');
    expect(sent[1]?.texts).toEqual(['{"of":"all"}', '"b"']);
  });

  it('says what CPU one may use where nobody sees to that from outside', () => {
    metersItself = true;
    send('a');
    expect(sent[0]?.header).toMatchObject({ items: [[1, 500, 'a', 500, 1, 1000]] });
  });

  it('tells each of its answer, in order', () => {
    for (const name of ['a', 'b']) send(name);
    answer(1, '"x"');
    answer(2, '');
    expect(events).toEqual(['outcome value', 'a came to "x"', 'outcome undefined', 'b came to ']);
    expect(line.size).toBe(0);
  });

  const gone = new VmGoneError('protocol');

  it.each([
    ['to nobody', 3, '1'],
    ['out of turn', 2, '1'],
    ['that is too large', 1, '"123456789"'],
  ])('refuses an answer %s, and settles all when the VM is ended for it', (_, id, resultJson) => {
    for (const name of ['a', 'b']) send(name);
    expect(() => {
      answer(id, resultJson);
    }).toThrow(ProtocolError);
    line.close(gone);
    expect(events).toEqual(['a is gone: protocol, begun', 'b is gone: protocol']);
  });

  it('takes nobody’s word for it that one is not held that has called', () => {
    const notHeld = {
      type: 'ran',
      refused: [],
      logs: [],
      cpuMs: 0,
      heapBytes: 0,
      outcome: { kind: 'not-held' },
    } as const;
    for (const name of ['a', 'b']) send(name);
    line.ran({ ...notHeld, id: 1 }, []);
    const called = line.callerOf(2);
    if (called) called.lastCall = 1;
    expect(() => {
      line.ran({ ...notHeld, id: 2 }, []);
    }).toThrow(ProtocolError);
    line.close(gone);
    expect(events).toEqual(['outcome not-held', 'a came to ', 'b is gone: protocol, begun']);
  });

  it('asks for those behind the first, once, and lets them go elsewhere', async () => {
    for (const name of ['a', 'b', 'c']) send(name);
    line.recall();
    line.recall();
    await sentLater();
    expect(sent.map(({ header }) => header.type)).toEqual(['invoke', 'invoke', 'recall']);
    expect(sent[2]?.header).toEqual({ type: 'recall', ids: [2, 3] });
    line.recalled([3]);
    answer(1);
    answer(2);
    expect(events).toEqual(['c is back', 'outcome value', 'a came to 1', 'outcome value', 'b came to 1']);
  });

  it.each([
    ['the first', 1],
    ['one that was not sent', 9],
    ['one that was sent later', 4],
    ['one that has called', 3],
  ])('takes nobody’s word for it that %s has not begun', (_, id) => {
    for (const name of ['a', 'b', 'c']) send(name);
    line.recall();
    send('d');
    const called = line.callerOf(3);
    if (called) called.lastCall = 1;
    expect(() => {
      line.recalled([id]);
    }).toThrow(ProtocolError);
    line.close(gone);
    expect(events).toEqual([
      'a is gone: protocol, begun',
      'b is gone: protocol',
      'c is gone: protocol, begun',
      'd is gone: protocol',
    ]);
  });

  it('knows that nothing has begun after the one that took all memory', () => {
    for (const name of ['a', 'b']) send(name);
    const reply = { type: 'ran', refused: [], logs: [], cpuMs: 0, heapBytes: 0 } as const;
    line.ran({ ...reply, id: 1, outcome: { kind: 'out-of-memory' } }, []);
    line.close(new VmGoneError('memory'));
    expect(events).toEqual(['outcome out-of-memory', 'a came to ', 'b is gone: memory']);
  });

  it('writes nothing any more when the VM is gone', async () => {
    for (const name of ['a', 'b']) send(name);
    line.close(gone);
    await sentLater();
    expect(sent).toHaveLength(1);
  });

  it('sends what is to be forgotten behind what was sent before', () => {
    for (const name of ['a', 'b']) send(name);
    line.forget(1);
    expect(sent.map(({ header }) => header.type)).toEqual(['invoke', 'invoke', 'forget']);
  });

  describe('that overlap', () => {
    beforeEach(async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        send(name, { onBegan: () => events.push(`${name} has begun`) });
      }
      await sentLater();
      events.length = 0;
      line.began(2);
    });

    it('are told so, and may be answered out of turn', () => {
      line.began(3);
      answer(3, '"x"');
      answer(1, '"y"');
      expect(events).toEqual([
        'b has begun',
        'c has begun',
        'outcome value',
        'c came to "x"',
        'outcome value',
        'a came to "y"',
      ]);
      // The only one that is known to have.
      answer(2);
      answer(4);
      expect(() => {
        answer(6);
      }).toThrow(ProtocolError);
    });

    it.each([
      ['again', [2]],
      ['out of turn', [4]],
      ['beyond the last', [3, 4]],
      ['as nobody', [99]],
      ['when it was answered', [1]],
    ])('are not believed to begin %s', (_, ids) => {
      expect(() => {
        for (const id of ids) line.began(id);
      }).toThrow(ProtocolError);
    });

    it('are not answered before they have begun', () => {
      expect(() => {
        answer(3);
      }).toThrow(ProtocolError);
    });

    it('are not had back; the others are', async () => {
      line.recall();
      expect(sent.at(-1)?.header).toEqual({ type: 'recall', ids: [3, 4, 5] });
      line.began(3);
      line.recalled([4, 5]);
      expect(() => {
        line.recalled([3]);
      }).toThrow(ProtocolError);
      await sentLater();
      expect(events).toEqual(['b has begun', 'c has begun', 'd is back', 'e is back']);
    });

    it('fail with the end of their VM as what it is to them, and those that have not begun do not', () => {
      line.close(new VmGoneError('wall'), 2);
      expect(events).toEqual([
        'b has begun',
        'a is gone: wall, begun',
        'b is gone: wall, begun',
        'c is gone: wall',
        'd is gone: wall',
        'e is gone: wall',
      ]);
    });

    it('may use together what each of them may', () => {
      expect(line.underWay).toMatchObject({ maxCpuMs: 2000, group: 1 });
      expect(line.underWay.begun).toHaveLength(2);
      answer(1);
      expect(line.underWay).toMatchObject({ group: 0 });
      line.began(3);
      expect(line.underWay).toMatchObject({ maxCpuMs: 2000, group: 2 });
    });

    it('are to blame when they are at it, as their VM says', () => {
      expect(line.culpritId).toBe(2);
      const { turn } = line.underWay;
      line.woken(1);
      expect(line.culpritId).toBe(1);
      expect(line.underWay.atIt?.executionId).toBe('a');
      expect(line.underWay.turn).not.toBe(turn);
      line.began(3);
      expect(line.culpritId).toBe(3);
      answer(3);
      expect(line.culpritId).toBeUndefined();
      answer(1);
      // Alone, it needs not be said.
      expect(line.culpritId).toBe(2);
    });

    it.each([
      ['what has not begun', 3],
      ['nobody', 99],
      ['the one that is at it already', 2],
    ])('are not believed to go on as %s', (_, id) => {
      expect(() => {
        line.woken(id);
      }).toThrow(ProtocolError);
    });

    it('are not believed to go on beside others that are none', () => {
      answer(1);
      expect(() => {
        line.woken(2);
      }).toThrow(ProtocolError);
    });

    it('cost the others nothing when they are late and only wait', () => {
      line.began(3);
      // Of 500 ms each, all are late then.
      expect(line.overdue(-501)).toEqual({ id: 3, reason: 'wall' });
      line.cancel(1);
      expect(line.overdue(-1)).toBeUndefined();
      line.woken(1);
      expect(line.overdue(-1)).toEqual({ id: 1, reason: 'cancelled' });
      for (const id of [2, 3]) line.cancel(id);
      answer(1);
      expect(line.overdue(-1)).toEqual({ id: 2, reason: 'cancelled' });
    });

    it('can be cancelled, and only what was is believed to be', () => {
      const cancelled = (id: number): void => {
        line.ran(
          { type: 'ran', id, outcome: { kind: 'cancelled' }, refused: [], logs: [], cpuMs: 0, heapBytes: 0 },
          [],
        );
      };
      line.cancel(2);
      line.cancel(2);
      line.cancel(4);
      expect(sent.slice(-2).map(({ header }) => header)).toEqual([
        { type: 'cancel', id: 2 },
        { type: 'recall', ids: [3, 4, 5] },
      ]);
      expect(line.overdue(1000)).toBeUndefined();
      // It began last.
      expect(line.overdue(-1)).toEqual({ id: 2, reason: 'cancelled' });
      expect(() => {
        cancelled(1);
      }).toThrow(ProtocolError);
      cancelled(2);
      expect(line.overdue(-1)).toBeUndefined();
    });
  });

  it('gives one time to say that it is over that was late when it was behind another', () => {
    send('in time');
    send('late', { timeoutMs: -10_000 });
    line.answered({ id: 1, cpuMs: 0, heapBytes: 0, resultJson: '1', resultBytes: 1 });
    expect(line.overdue(250)).toBeUndefined();
    expect(line.overdue(-1)).toEqual({ id: 2, reason: 'wall' });
  });

  it('gives one time to say that it is over that was late and has just gone on', () => {
    send('in time');
    send('late', { timeoutMs: -10_000 });
    line.began(2);
    expect(line.overdue(250)).toBeUndefined();
    expect(line.overdue(-1)).toEqual({ id: 2, reason: 'wall' });
  });

  it('tells those who were beside another that it is not theirs what the VM has ended for', () => {
    const told: boolean[] = [];
    const onGone = ({ isForAnother }: VmGoneError): number => told.push(isForAnother);
    for (const name of ['a', 'b', 'c']) send(name, { onGone });
    line.began(2);
    line.close(new VmGoneError('cpu'), 2);
    expect(told).toEqual([true, false, true]);
  });
});
