/**
 * The API behind its HTTP server in a process of its own, so that ten thousand connections have their two ends in two processes. Tells
 * its port; answers each message, once no more connections are open than that many, with the bytes in use and how many were open at most.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { bytesInUse } from '../harness/bytes-in-use.ts';
import { serveApi } from './served-api.ts';

let open = 0;
let most = 0;
let wake = () => {};
subscribe('net.server.socket', (message) => {
  open++;
  most = Math.max(most, open);
  (message as { socket: Socket }).socket.once('close', () => {
    open--;
    wake();
  });
});

const served = await serveApi();
process.on('message', (atMost: number) => {
  wake = () => {
    if (open <= atMost) {
      wake = () => {};
      void bytesInUse().then((bytes) => process.send?.({ bytes, most }));
    }
  };
  wake();
});
process.once('disconnect', () => {
  void served[Symbol.asyncDispose]();
});
process.send?.({ port: served.port, timestampS: served.fixture.clock.now() / 1000 });
