/**
 * @file The nodes' forms, drawn from the manifest of the connector that is chosen. Texts of a manifest are set as texts, never as
 * HTML.
 */

/* global RED, $ */
(() => {
  'use strict';

  /** As in transload.js. */
  const APIS_MAX = 8;

  /** What Node-RED shows in place of a credential that it has. */
  const KEPT = '__PWRD__';

  /** The connector in a file; an error is shown where the form would be. */
  function read(module, place, show) {
    place.empty();
    if (!module) return;
    $.getJSON('transload/manifest', { module })
      .done(show)
      .fail(({ responseJSON, statusText }) => {
        const text = responseJSON?.error ?? statusText;
        $('<div class="form-tips form-tips-warning">').text(text).appendTo(place);
      });
  }

  function row(place, title, input, help) {
    const row = $('<div class="form-row">').appendTo(place);
    const label = $('<label style="width: 35%; vertical-align: top">').text(title).appendTo(row);
    input.css('width', '60%').appendTo(row);
    if (input.attr('id')) label.attr('for', input.attr('id'));
    if (help) $('<div style="margin-left: 36%; opacity: 0.7; font-size: 90%">').text(help).appendTo(row);
    return input;
  }

  const heading = (place, text) => $('<h4 style="margin-top: 20px">').text(text).appendTo(place);

  /** The input of one setting. What is not set shows its default, greyed. */
  function settingInput({ kind, choices, hint, isRequired }, value) {
    if (kind === 'choice' || kind === 'switch') {
      const options = kind === 'switch' ? ['true', 'false'] : choices;
      const select = $('<select>');
      $('<option value="">')
        .text(hint ? `(${hint})` : '')
        .appendTo(select);
      for (const option of options) $('<option>').val(option).text(option).appendTo(select);
      return select.val(value ?? '');
    }
    const input = kind === 'json' ? $('<textarea rows="2">') : $('<input type="text">');
    return input
      .attr('placeholder', hint)
      .prop('required', isRequired)
      .val(value ?? '');
  }

  function drawSettings(place, manifest, values) {
    heading(place, 'Settings');
    const templates = $('<select>');
    $('<option value="">').text('Ready-made settings …').appendTo(templates);
    manifest.templates.forEach(({ title }, index) => $('<option>').val(index).text(title).appendTo(templates));
    row(place, 'Start from', templates);
    let group = '';
    for (const field of manifest.fields) {
      if (field.group !== group) heading(place, field.group);
      group = field.group;
      const title = field.isRequired ? `${field.title} *` : field.title;
      const input = settingInput(field, values[field.pointer]);
      row(place, title, input.addClass('transload-setting').attr('data-pointer', field.pointer), field.description);
    }
    templates.on('change', () => {
      const template = manifest.templates[templates.val()];
      for (const [pointer, value] of Object.entries(template?.values ?? {})) {
        $('.transload-setting')
          .filter((_, input) => $(input).attr('data-pointer') === pointer)
          .val(value);
      }
    });
  }

  /** A secret's input. Node-RED reads it by its id, and leaves it alone while it says `KEPT`. */
  function secretInput(node, name) {
    const isKept = node.credentials?.[`has_${name}`];
    return $('<input type="password" autocomplete="off">')
      .attr('id', `node-config-input-${name}`)
      .val(isKept ? KEPT : '');
  }

  function drawApi(place, node, api, index) {
    const kept = node.apis.find(({ name }) => name === api.name) ?? { scopes: [] };
    const box = $('<div class="transload-api">').data('name', api.name).data('place', index).appendTo(place);
    heading(box, api.title);
    if (api.needsCredential) row(box, 'Credential', secretInput(node, `credential${index}`));
    const address = $('<input type="text" class="transload-base">').attr('placeholder', api.baseUrl);
    row(box, 'Address', address.val(kept.base_url ?? ''));
    if (api.hasWebhook) {
      row(box, 'Webhook secret', secretInput(node, `secret${index}`));
      row(
        box,
        'Webhook public key',
        $('<textarea rows="2" class="transload-key">').val(kept.public_key ?? ''),
        'In place of the one in the manifest.',
      );
    }
    heading(box, `Granted of ${api.title}`);
    for (const { scope, isWrite } of api.scopes) {
      const input = $('<input type="checkbox" class="transload-scope" style="width: auto; margin: 0 8px 0 0">');
      input.data('scope', scope).prop('checked', kept.scopes?.includes(scope) ?? false);
      const label = $('<label style="width: auto">').append(
        input,
        document.createTextNode(isWrite ? `${scope} (writes)` : scope),
      );
      $('<div class="form-row" style="margin-bottom: 4px">').append(label).appendTo(box);
    }
  }

  /**
   * The places of the APIs among the credentials: an API keeps its place when a later version of the connector has others.
   * @returns {(string | undefined)[]}
   */
  function placesOf(node, manifest) {
    const places = node.apis.map(({ name }) => name);
    for (const { name } of manifest.apis) if (!places.includes(name)) places.push(name);
    return places.slice(0, APIS_MAX);
  }

  function drawConnector(node, manifest) {
    const place = $('#transload-manifest').empty();
    $('<div class="form-tips">').text(`${manifest.title} ${manifest.version}. ${manifest.summary}`).appendTo(place);
    drawSettings(place, manifest, node.settings ?? {});
    const places = placesOf(node, manifest);
    for (const api of manifest.apis.filter(({ name }) => places.includes(name))) {
      drawApi(place, node, api, places.indexOf(api.name));
    }
    const check = $('<button type="button" class="red-ui-button">').text('Check what is deployed').appendTo(place);
    const answer = $('<pre>').appendTo(place);
    check.on('click', () => {
      answer.text('…');
      $.post(`transload/check/${node.id}`)
        .done((probes) =>
          answer.text(
            probes.map(({ ok, api, scope, message }) => `${ok ? '✓' : '✗'} ${api} ${scope}: ${message}`).join('\n'),
          ),
        )
        .fail(({ responseJSON, statusText }) => answer.text(responseJSON?.error ?? statusText));
    });
  }

  /** What the form says, if it was drawn. */
  function saveConnector(node) {
    const inputs = $('.transload-setting').toArray();
    if (inputs.length === 0) return;
    const values = inputs.map((input) => [$(input).attr('data-pointer'), String($(input).val())]);
    node.settings = Object.fromEntries(values.filter(([, value]) => value !== ''));
    const apis = [...node.apis];
    for (const box of $('.transload-api')
      .toArray()
      .map((element) => $(element))) {
      const scopes = box
        .find('.transload-scope:checked')
        .toArray()
        .map((input) => $(input).data('scope'));
      apis[box.data('place')] = {
        name: box.data('name'),
        base_url: box.find('.transload-base').val() || undefined,
        public_key: box.find('.transload-key').val() || undefined,
        scopes,
      };
    }
    node.apis = apis;
  }

  const credentials = {};
  for (let place = 0; place < APIS_MAX; place += 1) {
    credentials[`credential${place}`] = { type: 'password' };
    credentials[`secret${place}`] = { type: 'password' };
  }

  RED.nodes.registerType('transload-connector', {
    category: 'config',
    defaults: {
      name: { value: '' },
      module: { value: '', required: true },
      path: { value: '', validate: (path) => /^[\w-]*$/.test(path) },
      settings: { value: {} },
      apis: { value: [] },
    },
    credentials,
    label() {
      return this.name || this.module || 'connector';
    },
    oneditprepare() {
      const draw = () => {
        const module = String($('#node-config-input-module').val());
        read(module, $('#transload-manifest'), (manifest) => drawConnector(this, manifest));
      };
      $('#transload-read').on('click', draw);
      draw();
    },
    oneditsave() {
      saveConnector(this);
    },
  });

  /** A drop-down of what the chosen connector offers, with a sample of the chosen one. */
  function offer(node, property, offersOf, chosen = () => {}) {
    const select = $(`#node-input-${property}`);
    const place = $('#transload-sample');
    const draw = (manifest) => {
      const offers = offersOf(manifest);
      select.empty();
      for (const { name, title } of offers) $('<option>').val(name).text(`${title} (${name})`).appendTo(select);
      if (offers.some(({ name }) => name === node[property])) select.val(node[property]);
      const show = () => {
        const one = offers.find(({ name }) => name === select.val());
        place.empty();
        if (!one) return;
        chosen(one);
        for (const [title, text] of [
          ['Sample', one.sample],
          ['Schema', one.schema],
        ]) {
          $('<details>')
            .prop('open', title === 'Sample')
            .append($('<summary>').text(title), $('<pre>').text(text))
            .appendTo(place);
        }
      };
      select.off('change.transload').on('change.transload', show);
      show();
    };
    const update = () => read(RED.nodes.node($('#node-input-connector').val())?.module, place, draw);
    $('#node-input-connector').on('change', update);
    update();
  }

  const common = {
    category: 'transload',
    color: '#c7e0d4',
    labelStyle() {
      return this.name ? 'node_label_italic' : '';
    },
  };

  RED.nodes.registerType('transload-trigger', {
    ...common,
    paletteLabel: 'trigger',
    icon: 'bridge.svg',
    defaults: {
      name: { value: '' },
      connector: { value: '', type: 'transload-connector', required: true },
      trigger: { value: '', required: true },
      every: { value: '', validate: (every) => !every || /^[0-9]+$/.test(every) },
      answer: { value: 'handled' },
    },
    inputs: 0,
    outputs: 1,
    label() {
      return this.name || this.trigger || 'trigger';
    },
    oneditprepare() {
      offer(
        this,
        'trigger',
        ({ triggers }) => triggers,
        ({ seconds }) => {
          $('.transload-poll').toggle(seconds !== undefined);
          $('#node-input-every').attr('placeholder', seconds);
        },
      );
    },
  });

  RED.nodes.registerType('transload-handle', {
    ...common,
    paletteLabel: 'handle',
    icon: 'cog.svg',
    defaults: {
      name: { value: '' },
      connector: { value: '', type: 'transload-connector', required: true },
    },
    inputs: 1,
    outputs: 1,
    label() {
      return this.name || 'handle';
    },
  });

  RED.nodes.registerType('transload-action', {
    ...common,
    paletteLabel: 'action',
    icon: 'arrow-in.svg',
    defaults: {
      name: { value: '' },
      connector: { value: '', type: 'transload-connector', required: true },
      action: { value: '', required: true },
    },
    inputs: 1,
    outputs: 1,
    label() {
      return this.name || this.action || 'action';
    },
    oneditprepare() {
      offer(this, 'action', ({ actions }) => actions);
    },
  });
})();
