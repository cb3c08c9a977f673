// crun's --regex of `kill` and `delete`.
export const regexOption = {
  name: 'regex',
  alias: 'r',
  type: 'boolean',
  description: 'take the container-id as a regular expression: every container whose id has a match is meant',
} as const;
