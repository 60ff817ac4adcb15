import { FrameDecoder, ProtocolError } from '../protocol/frame.ts';
import type { HostMessage, RunOutcome } from '../protocol/messages.ts';
import { InvocationLine, type InvocationRequest } from './invocation-line.ts';
import { VmGoneError } from './vm-gone.error.ts';

const LIMITS = { maxCpuMs: 1000, maxMemoryMb: 64, maxResultBytes: 10, maxLogBytes: 0, maxLogEntries: 0 };
const REALM = 7;

describe('InvocationLine', () => {
  let lastId: number;
  let line: InvocationLine;
  /** What each came to, in order. */
  let ends: string[];
  let sent: { readonly header: HostMessage; readonly texts: readonly string[] }[];
  /** What the VM does as soon as one is answered. */
  let onOutcome: (outcome: RunOutcome) => void;

  beforeEach(() => {
    lastId = 0;
    ends = [];
    // What others have scheduled is none of this one's.
    const frames: typeof sent = [];
    sent = frames;
    onOutcome = () => undefined;
    const decoder = new FrameDecoder(1e6, 1e6, Infinity);
    line = new InvocationLine({
      nextId: () => ++lastId,
      write: (frame) => {
        decoder.push(frame, ({ header, attachments }) => {
          frames.push({ header: header as HostMessage, texts: attachments.map((text) => text.toString()) });
        });
      },
      onOutcome: (outcome) => {
        onOutcome(outcome);
      },
    });
  });

  const send = (name: string, contextJson = '{}'): void => {
    const request: InvocationRequest = {
      executionId: name,
      timeoutMs: 1000,
      deadlineMs: 1000,
      contextJson,
      inputJson: '',
      limits: LIMITS,
      maxApiArgumentBytes: 0,
      onCall: () => undefined,
      onReply: ({ outcome }) => ends.push(`${name}: ${outcome.kind}`),
      onRecalled: () => ends.push(`${name}: recalled`),
      onGone: (_, hasBegun) => ends.push(`${name}: gone${hasBegun ? ', begun' : ''}`),
    };
    line.send(REALM, request);
  };
  /** Those that wait to be sent together were sent. */
  const allSent = async (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });
  const answer = (id: number, resultJson = '1'): void => {
    line.answered({ id, cpuMs: 0, heapBytes: 0, resultJson, resultBytes: resultJson.length });
  };
  const ran = (id: number, outcome: RunOutcome): void => {
    line.ran({ type: 'ran', id, outcome, refused: [], logs: [], cpuMs: 0, heapBytes: 0 }, []);
  };

  it('has none wait for ever that were answered out of turn, twice, or with too much', () => {
    send('a');
    send('b');
    expect(() => {
      answer(2);
    }).toThrow(ProtocolError);
    expect(() => {
      answer(1, '"0123456789"');
    }).toThrow(ProtocolError);
    answer(1);
    expect(() => {
      answer(1);
    }).toThrow(ProtocolError);
    expect(() => {
      answer(3);
    }).toThrow(ProtocolError);
    send('c');
    line.close(new VmGoneError('protocol'));
    expect(ends).toEqual(['a: value', 'c: gone', 'b: gone, begun']);
  });

  it('takes the oldest for the one that had begun, also where the answer to it is too large', () => {
    send('a');
    send('b');
    expect(() => {
      answer(1, '"0123456789"');
    }).toThrow(ProtocolError);
    line.close(new VmGoneError('protocol'));
    expect(ends).toEqual(['b: gone', 'a: gone, begun']);
  });

  it('takes none for begun when the VM ends of the one before', () => {
    onOutcome = () => {
      line.close(new VmGoneError('memory'));
    };
    send('a');
    send('b');
    ran(1, { kind: 'out-of-memory' });
    expect(ends).toEqual(['b: gone', 'a: out-of-memory']);
  });

  it('lets only the one that runs call', () => {
    send('a');
    send('b');
    expect([line.callerOf(1)?.id, line.callerOf(2)?.id]).toEqual([1, undefined]);
    answer(1);
    expect([line.callerOf(1)?.id, line.callerOf(2)?.id]).toEqual([undefined, 2]);
  });

  it('takes back what it has asked for, once, and nothing else', () => {
    const refused = (ids: readonly number[]): void => {
      expect(() => {
        line.recalled(ids);
      }).toThrow(ProtocolError);
    };
    refused([]);
    send('a');
    send('b');
    refused([2]);
    line.recall();
    // It is asked for the same but once.
    line.recall();
    send('c');
    line.recalled([2]);
    refused([]);
    line.recall();
    refused([1]);
    expect(ends).toEqual(['b: recalled']);
    line.close(new VmGoneError('protocol'));
    expect(ends).toEqual(['b: recalled', 'c: gone', 'a: gone, begun']);
  });

  it('tells of a context again when the one that was told it has come back', async () => {
    send('a', '{"user":1}');
    send('b', '{"user":2}');
    send('c', '{"user":2}');
    await allSent();
    line.recall();
    // Before the answer.
    send('d', '{"user":2}');
    await allSent();
    line.recalled([2, 3]);
    send('b', '{"user":2}');
    send('c', '{"user":2}');
    await allSent();
    expect(sent.map(({ header, texts }) => [header.type, ...texts])).toEqual([
      ['invoke', '{"user":1}', ''],
      ['invoke', '{"user":2}', '', ''],
      ['recall'],
      ['invoke', '{"user":2}', ''],
      ['invoke', '', ''],
    ]);
  });
});
