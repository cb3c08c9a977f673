# Everything native, built by node-gyp into build/Release (scripts/build-native.sh):
#   runts.node, runts_seccomp.node,  N-API addons, loaded by the CLI; the last two only when they are needed
#   runts_systemd.node
#   runts-init, runts                static musl programs: the container's first process, and the front door
# Sources are listed by their folders, but for the core; build-native.sh configures anew when a file comes or goes.
{
  'variables': {
    # What runts-init and the addon share, and what is the addon's alone.
    'core_sources': ['addon/core/clone.c', 'addon/core/decode.c', 'addon/core/message.c', 'addon/core/program.c'],
    'runtime_sources': ['addon/core/channel.c', 'addon/core/netlink.c', 'addon/core/notify.c', 'addon/core/send-fd.c',
      'addon/core/spawn.c', 'addon/core/supervise.c', 'addon/core/worker.c'],
    'init_sources': ['<!@(ls addon/init/*.c)'],
    'launcher_sources': [
      '<!@(ls addon/launcher/*.c)', 'addon/core/channel.c', 'addon/core/clone.c', 'addon/core/decode.c', 'addon/core/notify.c',
      'addon/core/program.c', 'addon/core/send-fd.c', 'addon/core/spawn.c', 'addon/core/supervise.c', 'addon/core/writer.c',
    ],
    'core_headers': ['<!@(ls addon/core/*.h)'],
    'init_headers': ['<!@(find addon/init -name "*.h")'],
  },
  'target_defaults': {
    'include_dirs': ['addon', 'addon/core', 'node_modules/node-addon-api'],
    'defines': ['NAPI_VERSION=9', 'NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_ADDON_API_DISABLE_DEPRECATED'],
    'cflags': ['-O2', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-fstack-protector-strong'],
    'cflags_c': ['-std=gnu11'],
    # Node's own headers ask for C++20; these addons use N-API only.
    'cflags_cc!': ['-std=gnu++20'],
    'cflags_cc': ['-std=gnu++17', '-fno-exceptions', '-fvisibility-inlines-hidden'],
    'ldflags': ['-Wl,-z,relro', '-Wl,-z,now'],
  },
  'targets': [
    {
      'target_name': 'runts',
      'sources': ['<!@(ls addon/binding/*.cc | grep -v -e seccomp -e systemd)', '<@(core_sources)', '<@(runtime_sources)'],
    },
    {
      'target_name': 'runts_seccomp',
      'sources': ['addon/binding/seccomp.cc', 'addon/binding/error.cc'],
      'libraries': ['-lseccomp'],
    },
    {
      'target_name': 'runts_systemd',
      'sources': ['addon/binding/systemd.cc', 'addon/binding/error.cc'],
      'libraries': ['-lsystemd'],
    },
    {
      'target_name': 'runts-init',
      'type': 'none',
      'actions': [{
        'action_name': 'runts-init',
        'message': 'building runts-init',
        'inputs': ['scripts/musl-cc.sh', '<@(init_sources)', '<@(core_sources)', '<@(init_headers)', '<@(core_headers)'],
        'outputs': ['<(PRODUCT_DIR)/runts-init'],
        'action': ['scripts/musl-cc.sh', '<@(_outputs)', '<@(init_sources)', '<@(core_sources)'],
      }],
    },
    {
      'target_name': 'launcher',
      'type': 'none',
      'actions': [{
        'action_name': 'launcher',
        'message': 'building runts',
        'inputs': ['scripts/musl-cc.sh', '<@(launcher_sources)', '<@(core_headers)', '<!@(ls addon/launcher/*.h)'],
        'outputs': ['<(PRODUCT_DIR)/runts'],
        'action': ['scripts/musl-cc.sh', '<@(_outputs)', '<@(launcher_sources)'],
      }],
    },
  ],
}
