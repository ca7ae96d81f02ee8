// Asks once more, then ends an allocation.

import { useState } from "preact/hooks";
import { remove } from "../api/client.ts";
import type { Allocation } from "../api/types.ts";
import { useApp } from "../app/context.tsx";
import { holder_text } from "../fleet/GpuCard.tsx";
import { Dialog } from "./Dialog.tsx";

export function Release({ allocation, close }: { allocation: Allocation; close(): void }) {
  const { t, live, toast } = useApp();
  const [busy, set_busy] = useState(false);
  const [error, set_error] = useState("");
  const release = async () => {
    set_busy(true);
    set_error("");
    try {
      const over = await remove<Allocation>(`/allocations/${encodeURIComponent(allocation.id)}`);
      live.take_allocation({ ...allocation, ...over });
      toast(t("alloc.released", { resource: allocation.resource }));
      close();
    } catch (failure) {
      set_error((failure as Error).message);
      set_busy(false);
    }
  };
  return (
    <Dialog title={t("alloc.release.title", { resource: allocation.resource })} close={close}>
      <p>{t("alloc.release.text", { holder: holder_text(allocation) })}</p>
      {error && (
        <p class="problem" role="alert">
          {error}
        </p>
      )}
      <div class="dialog-buttons">
        <button type="button" onClick={close}>
          {t("ask.cancel")}
        </button>
        <button type="button" class="danger" disabled={busy} onClick={() => void release()}>
          {t("alloc.release.yes")}
        </button>
      </div>
    </Dialog>
  );
}
