/**
 * What the widget keeps on the visitor's device. Nothing is written before the first message, and never a cookie.
 *
 * - `centralita:{widget key}` the session: visitor token, visitor id, pre-chat answers.
 * - `centralita:{widget key}:{visitor}:{client_message_id}` one unsent message each, so that tabs never overwrite
 *   each other's list. `new` stands for a visitor the server does not know yet.
 *
 * Where storage is forbidden or full, everything lives in memory: sending works, only a reload forgets.
 */
export interface Vault {
  /** Keys that begin with `prefix`, in no particular order. */
  keys(prefix: string): readonly string[];
  /** `null` for what was never written or cannot be read. */
  read<T>(key: string): T | null;
  /** `isVolatile`: keep it in memory alone. */
  write(key: string, value: unknown, isVolatile?: boolean): void;
  drop(key: string): void;
}

type Drawer = Record<string, string>;

export function createVault(): Vault {
  const memory: Drawer = {};
  let disk: Drawer = {};
  try {
    disk = localStorage as unknown as Drawer;
  } catch {
    // Forbidden here.
  }
  const drop = (key: string): void => {
    delete memory[key];
    delete disk[key];
  };
  return {
    drop,
    keys: (prefix) => Object.keys({ ...disk, ...memory }).filter((key) => key.startsWith(prefix)),
    read: (key) => {
      try {
        return JSON.parse(memory[key] ?? disk[key]!);
      } catch {
        return null;
      }
    },
    write: (key, value, isVolatile) => {
      memory[key] = JSON.stringify(value);
      if (isVolatile) return;
      try {
        disk[key] = memory[key];
        delete memory[key];
      } catch {
        // The disk is full.
      }
    },
  };
}
