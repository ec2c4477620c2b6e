// `/healthz`: the process answers. `/readyz`: it can take work.
import type { RequestListener } from 'node:http';
import { answer } from './answer.ts';

/** For a port of its own, which the internet does not reach. `ready` must not throw, and should not take long. */
export function healthListener(ready: () => Promise<boolean>): RequestListener {
  return (request, response) => {
    if (request.url !== '/healthz' && request.url !== '/readyz') return answer(request, response, 404);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(request, response, 405, { allow: 'GET, HEAD' });
    if (request.url === '/healthz') return answer(request, response, 200);
    void ready().then(
      (is) => answer(request, response, is ? 200 : 503),
      () => answer(request, response, 503),
    );
  };
}
