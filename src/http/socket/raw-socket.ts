/**
 * The used part of a WebSocket of `ws`. Declared here, so that the types of `drover/http` do not need those of `ws`, which are a
 * separate package.
 */
export interface RawSocket {
  readonly readyState: number
  readonly OPEN: number
  readonly CLOSED: number
  readonly bufferedAmount: number
  send(data: Buffer, options: { binary: boolean }): void
  ping(): void
  close(code: number, reason: string): void
  terminate(): void
  on(event: 'pong', listener: () => void): unknown
  once(event: 'close', listener: () => void): unknown
}
