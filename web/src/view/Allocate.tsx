// Asks for a GPU or a slice. A refusal says why nothing fits, by count.

import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { ApiError, new_key, post } from "../api/client.ts";
import type { Allocation, AllocationAsk, Problem } from "../api/types.ts";
import { useApp } from "../app/context.tsx";
import { holder_text } from "../fleet/GpuCard.tsx";
import type { Key } from "../i18n/index.ts";
import { blocked_reasons } from "../i18n/names.ts";
import { Dialog } from "./Dialog.tsx";

export function read_ask(form: FormData): AllocationAsk {
  const text = (name: string) => String(form.get(name) ?? "").trim();
  const ask: AllocationAsk = { namespace: text("namespace"), pod: text("pod") };
  for (const name of ["container", "workload_type", "priority", "model", "node", "user", "team", "project"] as const) {
    if (text(name)) ask[name] = text(name);
  }
  if (text("kind") === "mig") {
    ask.use_mig = true;
    if (text("mig_profile")) ask.mig_profile = text("mig_profile");
  }
  if (text("memory_gb")) ask.memory_gb = Number(text("memory_gb"));
  if (text("max_cost_per_hour_usd")) ask.max_cost_per_hour_usd = Number(text("max_cost_per_hour_usd"));
  if (text("planned_release_at")) ask.planned_release_at = new Date(text("planned_release_at")).toISOString();
  return ask;
}

export function Allocate({ close, done }: { close(): void; done(allocation: Allocation): void }) {
  const { t, live, toast } = useApp();
  const [busy, set_busy] = useState(false);
  const [mig, set_mig] = useState(false);
  const [problem, set_problem] = useState<Problem>();
  const last = useRef({ text: "", key: "" }); // the same request sent again creates nothing twice
  const models = useMemo(() => {
    const found = new Map<string, string>();
    for (const device of live.fleet.devices.values()) if (device.model) found.set(device.model, device.model_name ?? device.model);
    return [...found].sort((a, b) => a[1].localeCompare(b[1]));
  }, [live]);
  const profiles = useMemo(() => [...new Set([...live.fleet.instances.values()].map((one) => one.profile))].sort(), [live]);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const ask = read_ask(new FormData(event.currentTarget as HTMLFormElement));
    const text = JSON.stringify(ask);
    if (text !== last.current.text) last.current = { text, key: new_key() };
    set_busy(true);
    set_problem(undefined);
    try {
      const made = await post<Allocation>("/allocations", ask, last.current.key);
      live.take_allocation(made);
      toast(t("alloc.created", { resource: made.resource, holder: holder_text(made) }));
      done(made);
    } catch (failure) {
      // After an answer the question is settled: asking the same again is a new request.
      if (failure instanceof ApiError && failure.problem) last.current.text = "";
      set_problem(failure instanceof ApiError && failure.problem ? failure.problem : { status: 0, detail: (failure as Error).message });
      set_busy(false);
    }
  };
  return (
    <Dialog title={t("ask.title")} close={close} class="wide">
      <form class="ask" onSubmit={(event) => void submit(event)}>
        <fieldset>
          <legend>{t("ask.who")}</legend>
          <Field name="namespace" label="alloc.namespace" required problem={problem} />
          <Field name="pod" label="alloc.pod" required problem={problem} />
          <Field name="container" label="alloc.container" problem={problem} />
          <Field name="team" label="alloc.team" problem={problem} />
          <Field name="user" label="alloc.user" problem={problem} />
          <Field name="project" label="alloc.project" problem={problem} />
        </fieldset>
        <fieldset>
          <legend>{t("ask.what")}</legend>
          <Labelled label={t("ask.kind")}>
            <select name="kind" value={mig ? "mig" : "gpu"} onChange={(event) => set_mig(event.currentTarget.value === "mig")}>
              <option value="gpu">{t("ask.kind.gpu")}</option>
              <option value="mig">{t("ask.kind.mig")}</option>
            </select>
          </Labelled>
          <Labelled label={t("ask.model")}>
            <select name="model">
              <option value="">{t("ask.any")}</option>
              {models.map(([id, name]) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </Labelled>
          {mig && (
            <Labelled label={t("ask.profile")}>
              <select name="mig_profile">
                <option value="">{t("ask.any")}</option>
                {profiles.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </Labelled>
          )}
          <Field name="memory_gb" label="ask.memory" type="number" min="1" step="1" problem={problem} />
          <Field name="node" label="ask.node" problem={problem} />
          <Field name="workload_type" label="alloc.workload" list="workloads" problem={problem} />
          <datalist id="workloads">
            <option value="Training" />
            <option value="Inference" />
            <option value="Development" />
          </datalist>
        </fieldset>
        <fieldset>
          <legend>{t("ask.limits")}</legend>
          <Field name="max_cost_per_hour_usd" label="ask.max_cost" type="number" min="0" step="any" problem={problem} />
          <Field name="planned_release_at" label="ask.until" type="datetime-local" problem={problem} />
        </fieldset>
        {problem && <Refusal problem={problem} />}
        <div class="dialog-buttons">
          <button type="button" onClick={close}>
            {t("ask.cancel")}
          </button>
          <button type="submit" class="primary" disabled={busy}>
            {busy ? t("ask.busy") : t("ask.submit")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Refusal({ problem }: { problem: Problem }) {
  const { t, f, language } = useApp();
  const reasons = Object.entries(problem.blocked_by ?? {}).sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...reasons.map(([, count]) => count));
  return (
    <div class="problem" role="alert">
      <strong>{reasons.length > 0 ? t("ask.refused") : t("ask.failed")}</strong>
      <p>
        {problem.field && <code>{t("ask.field", { field: problem.field })}: </code>}
        {problem.detail ?? problem.title}
      </p>
      {reasons.length > 0 && (
        <table class="reasons">
          <caption>{t("ask.refused.why")}</caption>
          <tbody>
            {reasons.map(([reason, count]) => (
              <tr key={reason}>
                <th scope="row">{blocked_reasons[reason]?.[language] ?? reason}</th>
                <td class="number">{f.integer(count)}</td>
                <td>
                  <svg class="meter" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="meter-fill" width={(count / most) * 100} height="4" />
                  </svg>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Labelled({ label, children, wrong = false }: { label: string; children: ComponentChildren; wrong?: boolean }) {
  return (
    <label class={`field ${wrong ? "wrong" : ""}`}>
      <span>{label}</span>
      {children}
    </label>
  );
}

interface FieldProps {
  name: string;
  label: Key;
  required?: boolean;
  type?: "text" | "number" | "datetime-local";
  min?: string;
  step?: string;
  list?: string;
  problem: Problem | undefined;
}

function Field({ name, label, required = false, type = "text", problem, ...rest }: FieldProps) {
  const { t } = useApp();
  const wrong = problem?.field === name;
  return (
    <Labelled label={required ? `${t(label)} *` : t(label)} wrong={wrong}>
      <input name={name} type={type} required={required} aria-invalid={wrong} autocomplete="off" spellcheck={false} {...rest} />
    </Labelled>
  );
}
