// What k6 asks: one URL with the numbers of customers drawn at random, at a constant rate or as fast as answers come.
import http from 'k6/http';

const given = JSON.parse(open(__ENV.GIVEN));
const paced = {
  executor: 'constant-arrival-rate',
  rate: given.rate,
  timeUnit: '1s',
  duration: `${given.seconds}s`,
  preAllocatedVUs: 50,
  maxVUs: 500,
};
const busy = { executor: 'shared-iterations', vus: given.clients, iterations: given.requests, maxDuration: '10m' };

export const options = {
  scenarios: { load: given.rate ? paced : busy },
  discardResponseBodies: true,
  summaryTrendStats: ['p(50)', 'p(99)'],
  systemTags: ['status'],
};

const json = { headers: { 'Content-Type': 'application/json' } };

export default function () {
  const url = given.url.replace('{n}', Math.floor(Math.random() * given.customers));
  given.body ? http.post(url, given.body, json) : http.get(url);
}

export function handleSummary({ metrics, state }) {
  const took = metrics.http_req_duration.values;
  const told = {
    requests: metrics.http_reqs.values.count,
    failed: metrics.http_req_failed.values.passes,
    left_out: metrics.dropped_iterations ? metrics.dropped_iterations.values.count : 0,
    seconds: state.testRunDurationMs / 1000,
    p50: took['p(50)'] / 1000,
    p99: took['p(99)'] / 1000,
  };
  return { [__ENV.TOLD]: JSON.stringify(told) };
}
