// What a deployment is given, checked before anything is packaged: osls takes any text for a skill id, and AWS deploys it.
'use strict';

const { existsSync, readFileSync } = require('fs');
const { join } = require('path');

// Alexa looks for the function where the language of the device says.
const REGIONS = {
  'us-east-1': ['en-US', 'en-CA', 'pt-BR', 'es-MX', 'es-US', 'fr-CA'],
  'eu-west-1': ['en-GB', 'en-IN', 'de-DE', 'es-ES', 'fr-FR', 'it-IT', 'hi-IN', 'ar-SA', 'nl-NL'],
  'us-west-2': ['ja-JP', 'en-AU'],
};
const SKILL = /^amzn1\.ask\.skill\.([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;
const RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

const list = (text) => text.split(',').map((each) => each.trim()).filter(Boolean);

function* skill(given) {
  const id = SKILL.exec(given.alexaSkillId);
  if (!given.alexaSkillId) {
    yield 'alexaSkillId is missing: make the skill in the Alexa developer console first and give its id, amzn1.ask.skill.…';
  } else if (!id) {
    yield `alexaSkillId is "${given.alexaSkillId}": amzn1.ask.skill. and the skill's UUID are wanted, in small letters`;
  } else if (new Set(id[1].replaceAll('-', '')).size < 6 || id[1].startsWith('12345678-')) {
    yield `alexaSkillId is "${given.alexaSkillId}", which only holds the place of one: copy yours from the Alexa developer console`;
  }
}

function* region(given) {
  if (!REGIONS[given.region]) {
    yield `region is "${given.region}": Alexa reaches functions in ${Object.keys(REGIONS).join(', ')} alone`;
    return;
  }
  for (const language of list(given.languages)) {
    const wanted = Object.keys(REGIONS).find((each) => REGIONS[each].includes(language));
    if (!wanted) yield `languages names "${language}", which Alexa does not have`;
    else if (wanted !== given.region) yield `languages names ${language}: for it Alexa looks in ${wanted}, this is ${given.region}`;
  }
}

function* topic(given) {
  const at = /^arn:aws[a-z-]*:sns:([a-z0-9-]+):\d{12}:[\w-]+$/.exec(given.alarmTopic);
  if (!given.alarmTopic) yield 'alarmTopic is missing: nobody would hear an alarm. Make an SNS topic and give its ARN';
  else if (!at) yield `alarmTopic is "${given.alarmTopic}": the ARN of an SNS topic is wanted, arn:aws:sns:…`;
  else if (at[1] !== given.region) yield `alarmTopic stands in ${at[1]}: alarms reach topics of their own region alone, ${given.region}`;
}

function* addresses(given) {
  for (const name of ['publicUrl', 'mediaUrls']) {
    for (const url of list(given[name])) {
      if (!/^https:\/\/[a-z0-9.-]+(:\d{1,5})?$/.test(url)) yield `${name} names "${url}": https://host is wanted, without a path or a slash behind it`;
    }
  }
}

function* numbers(given) {
  for (const [name, least, most] of [['memory', 128, 10240], ['requestsPerSecond', 1, 10000], ['requestsAtOnce', 1, 5000]]) {
    if (!(Number.isInteger(given[name]) && given[name] >= least && given[name] <= most)) {
      yield `${name} is "${given[name]}": a whole number from ${least} to ${most} is wanted`;
    }
  }
}

function* retention(given) {
  if (!RETENTION.includes(given.logRetention)) yield `logRetention is "${given.logRetention}": AWS keeps logs for ${RETENTION.join(', ')} days`;
}

const KNOWN = { architecture: ['x86_64', 'arm64'], signUp: ['owner', 'invited', 'anyone'], logLevel: ['debug', 'info', 'warning', 'error'] };
const choices = (...names) => function* (given) {
  for (const name of names) {
    if (!KNOWN[name].includes(given[name])) yield `${name} is "${given[name]}": ${KNOWN[name].join(', ')} there are`;
  }
};

// Of another region: the home region's outputs.
function* home(given) {
  const wanted = {
    homeRegion: /^[a-z]{2}(-[a-z]+)+-\d$/,
    dataKey: /^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key\/[\w-]+$/,
    keysSecret: /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}$/,
    settingsSecret: /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}$/,
    grantSecret: /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:[\w/+=.@-]+-\w{6}$/,
    publicUrl: /^https:/,
  };
  for (const [name, form] of Object.entries(wanted)) {
    const found = form.exec(given[name]);
    if (!given[name]) yield `${name} is missing: it is an output of the stack in the home region`;
    else if (!found) yield `${name} is "${given[name]}", which is none`;
    else if (found[1] && name !== 'homeRegion' && found[1] !== given.homeRegion) yield `${name} stands in ${found[1]}, not in the home region ${given.homeRegion}`;
  }
  if (given.homeRegion === given.region) yield `${given.region} is the home region: serverless.yml stands there already`;
}

// scripts/package.py leaves in each package what it runs on.
const packages = (...functions) => function* (given) {
  for (const name of functions) {
    const path = join('build', 'lambda', `${name}.zip`);
    const wanted = `${given.architecture} python${given.python}`;
    if (!existsSync(path)) yield `${path} is missing: run make package`;
    else if (!readFileSync(path).toString('latin1').endsWith(wanted)) yield `${path} is not for ${wanted}: run make package ARCHITECTURE=${given.architecture}`;
  }
};

async function read({ resolveVariable }) {
  const given = { region: await resolveVariable('self:provider.region') };
  for (const name of ['alexaSkillId', 'languages', 'alarmTopic', 'publicUrl', 'mediaUrls', 'architecture', 'python', 'signUp', 'logLevel',
    'homeRegion', 'dataKey', 'keysSecret', 'settingsSecret', 'grantSecret']) {
    given[name] = String(await resolveVariable(`param:${name}`)).trim();
  }
  for (const name of ['memory', 'requestsPerSecond', 'requestsAtOnce', 'logRetention']) {
    given[name] = Number(await resolveVariable(`param:${name}`));
  }
  return given;
}

function checked(...rules) {
  return async (variables) => {
    const given = await read(variables);
    const faults = rules.flatMap((rule) => [...rule(given)]);
    if (faults.length) throw Object.assign(new Error(`nothing is packaged:\n${faults.map((each) => `  - ${each}`).join('\n')}\n`), { stack: '' });
    given.publicUrl ||= { 'Fn::Sub': 'https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}' };
    given.pictures = given.mediaUrls ? 'plane' : 'vendor';
    // read only where it is used: a secret more is a question more at every cold start
    given.sharedKey = given.mediaUrls ? given.grantSecret || { Ref: 'GrantSecret' } : '';
    return given;
  };
}

const always = [skill, region, topic, addresses, numbers, retention, choices('architecture', 'signUp', 'logLevel')];
module.exports = { home: checked(...always, packages('directives', 'fulfillment', 'web')), elsewhere: checked(...always, home, packages('directives')), REGIONS, skill, rules: { topic, retention, choices } };
