// What the reader chose, kept in this browser. A browser that keeps nothing works too.

export function stored(name: string): string | null {
  try {
    return localStorage.getItem(`reeve.${name}`);
  } catch {
    return null;
  }
}

export function store(name: string, value: string): void {
  try {
    localStorage.setItem(`reeve.${name}`, value);
  } catch {
    // Private windows may refuse: the choice then lasts as long as the page.
  }
}
