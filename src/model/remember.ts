// Answers that are remembered as long as what they are about lives: what is read once is judged at every audit.

/** `make`, called once for each object. It must be pure, and the object immutable. */
export function remembered<K extends object, V extends object>(make: (key: K) => V): (key: K) => V {
  const answers = new WeakMap<K, V>();
  return (key) => {
    const known = answers.get(key);
    if (known) return known;
    const answer = make(key);
    answers.set(key, answer);
    return answer;
  };
}
