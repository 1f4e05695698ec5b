// SPDX-License-Identifier: Apache-2.0
//
// npm_s13 PORT HOST REALM [IMEI:IMSI...] - a Diameter client by the npm package `diameter` (package.json beside): greets,
// asks for each, sends a watchdog, says goodbye. A line of JSON for each answer, in order; 5 s for all of it.
// The package is GPL-3: nothing of it is shipped, and nothing here is linked with ours.
'use strict';
process.noDeprecation = true; // the package is of 2017: new Buffer()
const diameter = require('diameter');
const [port, host, realm, ...asked] = process.argv.slice(2);
const S13 = "3GPP S13/S13'";
const origin = [['Origin-Host', host], ['Origin-Realm', realm]];

setTimeout(() => { console.error('npm_s13: no answer within 5 s'); process.exit(1); }, 5000).unref();
const socket = diameter.createConnection({ host: '127.0.0.1', port: Number(port) }, async () => {
  try {
    await talk(socket.diameterConnection);
    process.exit(0);
  } catch (error) {
    console.error(`npm_s13: ${error && error.message || error}`);
    process.exit(1);
  }
});
socket.on('error', (error) => { console.error(`npm_s13: ${error.message || error}`); process.exit(1); });
socket.on('diameterMessage', (event) => { // a watchdog of the server's
  event.response.body = event.response.body.concat([['Result-Code', 'DIAMETER_SUCCESS'], ...origin]);
  event.callback(event.response);
});

async function send(connection, application, command, body, session) {
  const request = connection.createRequest(application, command, session);
  // It puts a Session-Id everywhere; base messages have none.
  request.body = session ? [['Session-Id', session], ...body] : body;
  request.header.flags.proxiable = Boolean(session);
  const answer = await connection.sendRequest(request);
  console.log(JSON.stringify({ command: answer.command, application: answer.header.applicationId, flags: answer.header.flags, body: answer.body }));
}

async function talk(connection) {
  await send(connection, 'Diameter Common Messages', 'Capabilities-Exchange', [
    ...origin, ['Host-IP-Address', '127.0.0.1'], ['Vendor-Id', 10415], ['Product-Name', 'node-diameter'],
    ['Supported-Vendor-Id', 10415],
    ['Vendor-Specific-Application-Id', [['Vendor-Id', 10415], ['Auth-Application-Id', '3GPP S13']]],
  ]);
  let number = 0;
  for (const one of asked) {
    const [imei, imsi] = one.split(':');
    await send(connection, S13, '3GPP-ME-Identity-Check', [
      ['Vendor-Specific-Application-Id', [['Vendor-Id', 10415], ['Auth-Application-Id', '3GPP S13']]],
      ['Auth-Session-State', 'NO_STATE_MAINTAINED'], ...origin, ['Destination-Realm', realm],
      ['Terminal-Information', [['IMEI', imei], ['Software-Version', '01']]],
      ...(imsi ? [['User-Name', imsi]] : []),
    ], `${host};1;${++number}`);
  }
  await send(connection, 'Diameter Common Messages', 'Device-Watchdog', origin);
  await send(connection, 'Diameter Common Messages', 'Disconnect-Peer', [...origin, ['Disconnect-Cause', 'REBOOTING']]);
}
