// Where systemd listens: its own socket first, which needs no message bus, then the bus.

export interface Address {
  /** As D-Bus spells it. */
  readonly address: string;
  /** A message bus is in between. */
  readonly isBus: boolean;
}

type Environment = Readonly<Record<string, string>>;

/** Of the system's manager. */
export function systemAddresses(env: Environment): Address[] {
  return [
    {address: 'unix:path=/run/systemd/private', isBus: false},
    {address: env['DBUS_SYSTEM_BUS_ADDRESS'] || 'unix:path=/run/dbus/system_bus_socket', isBus: true},
  ];
}

/** Of the manager of the user whose environment this is. */
export function userAddresses(env: Environment): Address[] {
  const {XDG_RUNTIME_DIR: directory = '', DBUS_SESSION_BUS_ADDRESS: bus = ''} = env;
  const addresses: Address[] = [];
  if (directory !== '') addresses.push({address: unixAddress(`${directory}/systemd/private`), isBus: false});
  if (bus !== '') addresses.push({address: bus, isBus: true});
  else if (directory !== '') addresses.push({address: unixAddress(`${directory}/bus`), isBus: true});
  return addresses;
}

/** What may stand in an address as it is: https://dbus.freedesktop.org/doc/dbus-specification.html#addresses */
function unixAddress(path: string): string {
  const escaped = [...Buffer.from(path)].map((byte) => {
    const character = String.fromCharCode(byte);
    return /[-0-9A-Za-z_/.\\*]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
  });
  return `unix:path=${escaped.join('')}`;
}
