// Loading, failed and empty: what is missing, and what to do.

import { useApp, useNews } from "../app/context.tsx";

export function Loading() {
  const { live, t, f } = useApp();
  useNews(["status"]);
  const { done, total } = live.load_state;
  return (
    <div class="state" role="status">
      <div class="spinner" aria-hidden="true" />
      <p>{total ? t("load.fleet", { done: f.integer(done), total: f.integer(total) }) : t("load.any")}</p>
    </div>
  );
}

export function Failed() {
  const { live, t } = useApp();
  const error = live.load_state.error;
  return (
    <div class="state" role="alert">
      <h1>{error?.problem ? t("error.api") : t("error.title")}</h1>
      {error?.problem && <p class="mono">{error.message}</p>}
      <p>{t("error.hint")}</p>
      <button type="button" onClick={() => void live.load()}>
        {t("error.retry")}
      </button>
    </div>
  );
}

const example = `targets:
  - gpu-node-01:9410
  - {url: "http://gpu-node-02:9400", kind: dcgm-exporter}`;

export function Empty() {
  const { live, t, f } = useApp();
  useNews(["status"]);
  const targets = live.targets;
  return (
    <div class="state">
      <h1>{t("empty.title")}</h1>
      {targets === undefined && <p role="status">{t("load.any")}</p>}
      {targets?.length === 0 && (
        <>
          <p>{t("empty.no_targets")}</p>
          <p class="muted">{t("empty.no_targets.hint")}</p>
          <pre class="mono example">{example}</pre>
        </>
      )}
      {targets && targets.length > 0 && (
        <>
          <p>{t("empty.waiting", { n: f.integer(targets.length) })}</p>
          <table>
            <caption class="unseen">{t("empty.targets")}</caption>
            <thead>
              <tr>
                <th>{t("empty.target.url")}</th>
                <th>{t("empty.target.kind")}</th>
                <th>{t("empty.target.attempt")}</th>
                <th>{t("empty.target.error")}</th>
              </tr>
            </thead>
            <tbody>
              {targets.slice(0, 50).map((target) => (
                <tr key={target.url}>
                  <td class="mono">{target.url}</td>
                  <td>{target.kind}</td>
                  <td>{target.last_attempt ? f.ago(target.last_attempt, Date.now()) : t("empty.target.never")}</td>
                  <td class="mono">{target.last_error ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </div>
  );
}
