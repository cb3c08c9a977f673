// Text → roff with the macros of man(7). In roff a bare "-" is a hyphen, which no shell takes for a minus when it is copied
// from a page: whatever is meant to be typed has it as "\-".

/** What is typed as it stands: commands, options, paths. */
export function literal(text: string): string {
  return escaped(text)
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
}

/** A sentence. Words that look like options, numbers or paths are literal; `x` is bold, *x* is italic. */
export function prose(text: string): string {
  const words = text
    .split(/(`[^`]+`|\*[^*]+\*|\s+)/)
    .map((part) => {
      if (/^`.+`$/.test(part)) return bold(part.slice(1, -1));
      if (/^\*.+\*$/.test(part)) return italic(part.slice(1, -1));
      return /^["'([]*-|[/$\d=]/.test(part) ? literal(part) : escaped(part);
    })
    .join('');
  return words.replace(/^([.'])/gm, '\\&$1');
}

export const bold = (text: string): string => `\\fB${literal(text)}\\fR`;
export const italic = (text: string): string => `\\fI${literal(text)}\\fR`;

/** A macro with arguments, each in quotes when it needs them. */
export function macro(name: string, ...args: readonly string[]): string {
  return [`.${name}`, ...args.map((arg) => (/^[^\s"]+$/.test(arg) ? arg : `"${arg.replaceAll('"', '\\(dq')}"`))].join(
    ' ',
  );
}

/** A paragraph with a tag in its margin. */
export function tagged(tag: string, text: string): string[] {
  return ['.TP', tag, text];
}

function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replace(
      /[^\x00-\x7f]/gu,
      (char) => `\\[u${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
