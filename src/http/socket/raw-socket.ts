/** What is used of a WebSocket of `ws`. Spelt out, so that the types of `drover/http` do not ask for those of `ws`, which are a package of their own. */
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
