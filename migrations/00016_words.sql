-- +goose Up
-- A list of more than two words in a CHECK, or in the condition of a partial index,
-- builds a table in memory for every row that is written: a mail built eight, which
-- was half of what it took. Comparisons build none. What is allowed, and what an
-- index holds, stays the same, so nothing is rewritten: the schema's text changes
-- in place, which is the way for this that https://www.sqlite.org/lang_altertable.html
-- describes. (A query uses a partial index only when it says its condition in the
-- index's own words.)
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'origin IN (''sign_up'', ''purchase'', ''admin'', ''import'', ''sample'')',
    'origin = ''sign_up'' OR origin = ''purchase'' OR origin = ''admin'' OR origin = ''import'' OR origin = ''sample''') WHERE name = 'users';
UPDATE sqlite_schema SET sql = replace(sql, 'purpose IN (''setup'', ''reset'', ''confirm'', ''change_email'')',
    'purpose = ''setup'' OR purpose = ''reset'' OR purpose = ''confirm'' OR purpose = ''change_email''') WHERE name = 'auth_tokens';
UPDATE sqlite_schema SET sql = replace(sql, 'marketing IN ('''', ''yes'', ''no'')',
    'marketing = '''' OR marketing = ''yes'' OR marketing = ''no''') WHERE name = 'checkouts';
UPDATE sqlite_schema SET sql = replace(sql, 'state IN (''new'', ''open'', ''processing'', ''complete'', ''failed'', ''expired'')',
    'state = ''new'' OR state = ''open'' OR state = ''processing'' OR state = ''complete'' OR state = ''failed'' OR state = ''expired''') WHERE name = 'checkouts';
UPDATE sqlite_schema SET sql = replace(sql, 'state IN (''new'', ''open'', ''processing'')',
    '(state = ''new'' OR state = ''open'' OR state = ''processing'')') WHERE name = 'checkouts_promotion';
UPDATE sqlite_schema SET sql = replace(sql, 'dispute IN ('''', ''warning'', ''open'', ''won'', ''lost'')',
    'dispute = '''' OR dispute = ''warning'' OR dispute = ''open'' OR dispute = ''won'' OR dispute = ''lost''') WHERE name = 'stripe_payments';
UPDATE sqlite_schema SET sql = replace(sql, 'matched_by IN (''checkout'', ''metadata'', ''customer'', ''email'', ''new'', ''creator'', ''import'')',
    'matched_by = ''checkout'' OR matched_by = ''metadata'' OR matched_by = ''customer'' OR matched_by = ''email'' OR matched_by = ''new'' OR matched_by = ''creator'' OR matched_by = ''import''') WHERE name = 'stripe_payments';
UPDATE sqlite_schema SET sql = replace(sql, 'status IN (''incomplete'', ''trialing'', ''active'', ''past_due'', ''unpaid'', ''paused'', ''canceled'', ''incomplete_expired'', ''suspended'')',
    'status = ''incomplete'' OR status = ''trialing'' OR status = ''active'' OR status = ''past_due'' OR status = ''unpaid'' OR status = ''paused'' OR status = ''canceled'' OR status = ''incomplete_expired'' OR status = ''suspended''') WHERE name = 'subscriptions';
UPDATE sqlite_schema SET sql = replace(sql, 'kind IN (''subscription'', ''invoice'', ''charge'', ''dispute'')',
    'kind = ''subscription'' OR kind = ''invoice'' OR kind = ''charge'' OR kind = ''dispute''') WHERE name = 'stripe_objects';
UPDATE sqlite_schema SET sql = replace(sql, 'outcome IN (''applied'', ''ignored'', ''parked'', ''failed'')',
    'outcome = ''applied'' OR outcome = ''ignored'' OR outcome = ''parked'' OR outcome = ''failed''') WHERE name = 'webhook_events';
UPDATE sqlite_schema SET sql = replace(sql, 'kind IN (''purchase'', ''welcome'', ''confirm_address'', ''password_reset'', ''password_changed'', ''studio_welcome'', ''renewal'', ''payment_failed'', ''payment_failed_final'', ''cancellation'', ''farewell'', ''refund'', ''abandoned_checkout'', ''freebie'', ''sequence'', ''campaign'', ''notice'')',
    'kind = ''purchase'' OR kind = ''welcome'' OR kind = ''confirm_address'' OR kind = ''password_reset'' OR kind = ''password_changed'' OR kind = ''studio_welcome'' OR kind = ''renewal'' OR kind = ''payment_failed'' OR kind = ''payment_failed_final'' OR kind = ''cancellation'' OR kind = ''farewell'' OR kind = ''refund'' OR kind = ''abandoned_checkout'' OR kind = ''freebie'' OR kind = ''sequence'' OR kind = ''campaign'' OR kind = ''notice''') WHERE name = 'email_logs';
UPDATE sqlite_schema SET sql = replace(sql, 'token IN ('''', ''setup'', ''reset'', ''confirm'', ''change_email'')',
    'token = '''' OR token = ''setup'' OR token = ''reset'' OR token = ''confirm'' OR token = ''change_email''') WHERE name = 'email_logs';
UPDATE sqlite_schema SET sql = replace(sql, 'state IN (''queued'', ''sending'', ''sent'', ''failed'', ''bounced'', ''suppressed'')',
    'state = ''queued'' OR state = ''sending'' OR state = ''sent'' OR state = ''failed'' OR state = ''bounced'' OR state = ''suppressed''') WHERE name = 'email_logs';
UPDATE sqlite_schema SET sql = replace(sql, 'kind NOT IN (''abandoned_checkout'', ''sequence'', ''campaign'')',
    'kind <> ''abandoned_checkout'' AND kind <> ''sequence'' AND kind <> ''campaign''') WHERE name = 'email_logs_urgent';
UPDATE sqlite_schema SET sql = replace(sql, 'kind IN (''abandoned_checkout'', ''sequence'', ''campaign'')',
    '(kind = ''abandoned_checkout'' OR kind = ''sequence'' OR kind = ''campaign'')') WHERE name = 'email_logs_bulk';
UPDATE sqlite_schema SET sql = replace(sql, 'name IN (''pricing_view'', ''cta_click'', ''checkout_start'', ''purchase'', ''sign_up'', ''upgrade'',
        ''onboarding_started'', ''onboarding_error'', ''onboarding_completed'')',
    'name = ''pricing_view'' OR name = ''cta_click'' OR name = ''checkout_start'' OR name = ''purchase'' OR name = ''sign_up'' OR name = ''upgrade'' OR name = ''onboarding_started'' OR name = ''onboarding_error'' OR name = ''onboarding_completed''') WHERE name = 'analytics_events';
UPDATE sqlite_schema SET sql = replace(sql, 'origin IN (''wizard'', ''blueprint'', ''import'')',
    'origin = ''wizard'' OR origin = ''blueprint'' OR origin = ''import''') WHERE name = 'blueprint_subscribers';
UPDATE sqlite_schema SET sql = replace(sql, 'training_status IN (''pending'', ''training'', ''completed'', ''failed'')',
    'training_status = ''pending'' OR training_status = ''training'' OR training_status = ''completed'' OR training_status = ''failed''') WHERE name = 'training_runs';
UPDATE sqlite_schema SET sql = replace(sql, 'state IN (''on'', ''off'', ''percent'')',
    'state = ''on'' OR state = ''off'' OR state = ''percent''') WHERE name = 'admin_feature_flags';
UPDATE sqlite_schema SET sql = replace(sql, 'basis IN (''own_products'', ''opt_in'', ''double_opt_in'')',
    'basis = ''own_products'' OR basis = ''opt_in'' OR basis = ''double_opt_in''') WHERE name = 'mini_product_upsell_sequence';
UPDATE sqlite_schema SET sql = replace(sql, 'state IN (''draft'', ''scheduled'', ''sending'', ''sent'', ''cancelled'')',
    'state = ''draft'' OR state = ''scheduled'' OR state = ''sending'' OR state = ''sent'' OR state = ''cancelled''') WHERE name = 'admin_email_campaigns';
UPDATE sqlite_schema SET sql = replace(sql, 'winner IN ('''', ''a'', ''b'')',
    'winner = '''' OR winner = ''a'' OR winner = ''b''') WHERE name = 'admin_email_campaigns';
UPDATE sqlite_schema SET sql = replace(sql, 'part IN (''a'', ''b'', ''rest'', ''hold_out'')',
    'part = ''a'' OR part = ''b'' OR part = ''rest'' OR part = ''hold_out''') WHERE name = 'campaign_recipients';
UPDATE sqlite_schema SET sql = replace(sql, 'outcome IN (''waiting'', ''queued'', ''skipped'', ''held_out'')',
    'outcome = ''waiting'' OR outcome = ''queued'' OR outcome = ''skipped'' OR outcome = ''held_out''') WHERE name = 'campaign_recipients';
UPDATE sqlite_schema SET sql = replace(sql, 'kind IN (''abandoned_checkout'', ''sequence'', ''campaign'')',
    '(kind = ''abandoned_checkout'' OR kind = ''sequence'' OR kind = ''campaign'')') WHERE name = 'email_logs_marketing';
UPDATE sqlite_schema SET sql = replace(sql, 'kind IN (''bounce'', ''soft_bounce'', ''complaint'')',
    'kind = ''bounce'' OR kind = ''soft_bounce'' OR kind = ''complaint''') WHERE name = 'mail_reports';
UPDATE sqlite_schema SET sql = replace(sql, 'state IN (''open'', ''expired'', ''failed'')',
    '(state = ''open'' OR state = ''expired'' OR state = ''failed'')') WHERE name = 'checkouts_abandoned';
UPDATE sqlite_schema SET sql = replace(sql, 'state IN (''failed'', ''bounced'', ''suppressed'')',
    '(state = ''failed'' OR state = ''bounced'' OR state = ''suppressed'')') WHERE name = 'email_logs_ended';
UPDATE sqlite_schema SET sql = replace(sql, 'reason IN (''hard_bounce'', ''complaint'', ''unsubscribed'', ''manual'', ''unreachable'')',
    'reason = ''hard_bounce'' OR reason = ''complaint'' OR reason = ''unsubscribed'' OR reason = ''manual'' OR reason = ''unreachable''') WHERE name = 'email_suppressions';
UPDATE sqlite_schema SET sql = replace(sql, 'outcome IN (''ignored'', ''parked'', ''failed'')',
    '(outcome = ''ignored'' OR outcome = ''parked'' OR outcome = ''failed'')') WHERE name = 'webhook_events_open';
UPDATE sqlite_schema SET sql = replace(sql, 'kind IN (''abandoned_checkout'', ''sequence'', ''campaign'')',
    '(kind = ''abandoned_checkout'' OR kind = ''sequence'' OR kind = ''campaign'')') WHERE name = 'email_logs_marketing_at';
PRAGMA writable_schema = RESET;
-- Tells whoever has the file open to read the schema again.
CREATE INDEX settings_reread ON settings (updated_at);
DROP INDEX settings_reread;

-- +goose Down
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'origin = ''sign_up'' OR origin = ''purchase'' OR origin = ''admin'' OR origin = ''import'' OR origin = ''sample''',
    'origin IN (''sign_up'', ''purchase'', ''admin'', ''import'', ''sample'')') WHERE name = 'users';
UPDATE sqlite_schema SET sql = replace(sql, 'purpose = ''setup'' OR purpose = ''reset'' OR purpose = ''confirm'' OR purpose = ''change_email''',
    'purpose IN (''setup'', ''reset'', ''confirm'', ''change_email'')') WHERE name = 'auth_tokens';
UPDATE sqlite_schema SET sql = replace(sql, 'marketing = '''' OR marketing = ''yes'' OR marketing = ''no''',
    'marketing IN ('''', ''yes'', ''no'')') WHERE name = 'checkouts';
UPDATE sqlite_schema SET sql = replace(sql, 'state = ''new'' OR state = ''open'' OR state = ''processing'' OR state = ''complete'' OR state = ''failed'' OR state = ''expired''',
    'state IN (''new'', ''open'', ''processing'', ''complete'', ''failed'', ''expired'')') WHERE name = 'checkouts';
UPDATE sqlite_schema SET sql = replace(sql, '(state = ''new'' OR state = ''open'' OR state = ''processing'')',
    'state IN (''new'', ''open'', ''processing'')') WHERE name = 'checkouts_promotion';
UPDATE sqlite_schema SET sql = replace(sql, 'dispute = '''' OR dispute = ''warning'' OR dispute = ''open'' OR dispute = ''won'' OR dispute = ''lost''',
    'dispute IN ('''', ''warning'', ''open'', ''won'', ''lost'')') WHERE name = 'stripe_payments';
UPDATE sqlite_schema SET sql = replace(sql, 'matched_by = ''checkout'' OR matched_by = ''metadata'' OR matched_by = ''customer'' OR matched_by = ''email'' OR matched_by = ''new'' OR matched_by = ''creator'' OR matched_by = ''import''',
    'matched_by IN (''checkout'', ''metadata'', ''customer'', ''email'', ''new'', ''creator'', ''import'')') WHERE name = 'stripe_payments';
UPDATE sqlite_schema SET sql = replace(sql, 'status = ''incomplete'' OR status = ''trialing'' OR status = ''active'' OR status = ''past_due'' OR status = ''unpaid'' OR status = ''paused'' OR status = ''canceled'' OR status = ''incomplete_expired'' OR status = ''suspended''',
    'status IN (''incomplete'', ''trialing'', ''active'', ''past_due'', ''unpaid'', ''paused'', ''canceled'', ''incomplete_expired'', ''suspended'')') WHERE name = 'subscriptions';
UPDATE sqlite_schema SET sql = replace(sql, 'kind = ''subscription'' OR kind = ''invoice'' OR kind = ''charge'' OR kind = ''dispute''',
    'kind IN (''subscription'', ''invoice'', ''charge'', ''dispute'')') WHERE name = 'stripe_objects';
UPDATE sqlite_schema SET sql = replace(sql, 'outcome = ''applied'' OR outcome = ''ignored'' OR outcome = ''parked'' OR outcome = ''failed''',
    'outcome IN (''applied'', ''ignored'', ''parked'', ''failed'')') WHERE name = 'webhook_events';
UPDATE sqlite_schema SET sql = replace(sql, 'kind = ''purchase'' OR kind = ''welcome'' OR kind = ''confirm_address'' OR kind = ''password_reset'' OR kind = ''password_changed'' OR kind = ''studio_welcome'' OR kind = ''renewal'' OR kind = ''payment_failed'' OR kind = ''payment_failed_final'' OR kind = ''cancellation'' OR kind = ''farewell'' OR kind = ''refund'' OR kind = ''abandoned_checkout'' OR kind = ''freebie'' OR kind = ''sequence'' OR kind = ''campaign'' OR kind = ''notice''',
    'kind IN (''purchase'', ''welcome'', ''confirm_address'', ''password_reset'', ''password_changed'', ''studio_welcome'', ''renewal'', ''payment_failed'', ''payment_failed_final'', ''cancellation'', ''farewell'', ''refund'', ''abandoned_checkout'', ''freebie'', ''sequence'', ''campaign'', ''notice'')') WHERE name = 'email_logs';
UPDATE sqlite_schema SET sql = replace(sql, 'token = '''' OR token = ''setup'' OR token = ''reset'' OR token = ''confirm'' OR token = ''change_email''',
    'token IN ('''', ''setup'', ''reset'', ''confirm'', ''change_email'')') WHERE name = 'email_logs';
UPDATE sqlite_schema SET sql = replace(sql, 'state = ''queued'' OR state = ''sending'' OR state = ''sent'' OR state = ''failed'' OR state = ''bounced'' OR state = ''suppressed''',
    'state IN (''queued'', ''sending'', ''sent'', ''failed'', ''bounced'', ''suppressed'')') WHERE name = 'email_logs';
UPDATE sqlite_schema SET sql = replace(sql, 'kind <> ''abandoned_checkout'' AND kind <> ''sequence'' AND kind <> ''campaign''',
    'kind NOT IN (''abandoned_checkout'', ''sequence'', ''campaign'')') WHERE name = 'email_logs_urgent';
UPDATE sqlite_schema SET sql = replace(sql, '(kind = ''abandoned_checkout'' OR kind = ''sequence'' OR kind = ''campaign'')',
    'kind IN (''abandoned_checkout'', ''sequence'', ''campaign'')') WHERE name = 'email_logs_bulk';
UPDATE sqlite_schema SET sql = replace(sql, 'name = ''pricing_view'' OR name = ''cta_click'' OR name = ''checkout_start'' OR name = ''purchase'' OR name = ''sign_up'' OR name = ''upgrade'' OR name = ''onboarding_started'' OR name = ''onboarding_error'' OR name = ''onboarding_completed''',
    'name IN (''pricing_view'', ''cta_click'', ''checkout_start'', ''purchase'', ''sign_up'', ''upgrade'',
        ''onboarding_started'', ''onboarding_error'', ''onboarding_completed'')') WHERE name = 'analytics_events';
UPDATE sqlite_schema SET sql = replace(sql, 'origin = ''wizard'' OR origin = ''blueprint'' OR origin = ''import''',
    'origin IN (''wizard'', ''blueprint'', ''import'')') WHERE name = 'blueprint_subscribers';
UPDATE sqlite_schema SET sql = replace(sql, 'training_status = ''pending'' OR training_status = ''training'' OR training_status = ''completed'' OR training_status = ''failed''',
    'training_status IN (''pending'', ''training'', ''completed'', ''failed'')') WHERE name = 'training_runs';
UPDATE sqlite_schema SET sql = replace(sql, 'state = ''on'' OR state = ''off'' OR state = ''percent''',
    'state IN (''on'', ''off'', ''percent'')') WHERE name = 'admin_feature_flags';
UPDATE sqlite_schema SET sql = replace(sql, 'basis = ''own_products'' OR basis = ''opt_in'' OR basis = ''double_opt_in''',
    'basis IN (''own_products'', ''opt_in'', ''double_opt_in'')') WHERE name = 'mini_product_upsell_sequence';
UPDATE sqlite_schema SET sql = replace(sql, 'state = ''draft'' OR state = ''scheduled'' OR state = ''sending'' OR state = ''sent'' OR state = ''cancelled''',
    'state IN (''draft'', ''scheduled'', ''sending'', ''sent'', ''cancelled'')') WHERE name = 'admin_email_campaigns';
UPDATE sqlite_schema SET sql = replace(sql, 'winner = '''' OR winner = ''a'' OR winner = ''b''',
    'winner IN ('''', ''a'', ''b'')') WHERE name = 'admin_email_campaigns';
UPDATE sqlite_schema SET sql = replace(sql, 'part = ''a'' OR part = ''b'' OR part = ''rest'' OR part = ''hold_out''',
    'part IN (''a'', ''b'', ''rest'', ''hold_out'')') WHERE name = 'campaign_recipients';
UPDATE sqlite_schema SET sql = replace(sql, 'outcome = ''waiting'' OR outcome = ''queued'' OR outcome = ''skipped'' OR outcome = ''held_out''',
    'outcome IN (''waiting'', ''queued'', ''skipped'', ''held_out'')') WHERE name = 'campaign_recipients';
UPDATE sqlite_schema SET sql = replace(sql, '(kind = ''abandoned_checkout'' OR kind = ''sequence'' OR kind = ''campaign'')',
    'kind IN (''abandoned_checkout'', ''sequence'', ''campaign'')') WHERE name = 'email_logs_marketing';
UPDATE sqlite_schema SET sql = replace(sql, 'kind = ''bounce'' OR kind = ''soft_bounce'' OR kind = ''complaint''',
    'kind IN (''bounce'', ''soft_bounce'', ''complaint'')') WHERE name = 'mail_reports';
UPDATE sqlite_schema SET sql = replace(sql, '(state = ''open'' OR state = ''expired'' OR state = ''failed'')',
    'state IN (''open'', ''expired'', ''failed'')') WHERE name = 'checkouts_abandoned';
UPDATE sqlite_schema SET sql = replace(sql, '(state = ''failed'' OR state = ''bounced'' OR state = ''suppressed'')',
    'state IN (''failed'', ''bounced'', ''suppressed'')') WHERE name = 'email_logs_ended';
UPDATE sqlite_schema SET sql = replace(sql, 'reason = ''hard_bounce'' OR reason = ''complaint'' OR reason = ''unsubscribed'' OR reason = ''manual'' OR reason = ''unreachable''',
    'reason IN (''hard_bounce'', ''complaint'', ''unsubscribed'', ''manual'', ''unreachable'')') WHERE name = 'email_suppressions';
UPDATE sqlite_schema SET sql = replace(sql, '(outcome = ''ignored'' OR outcome = ''parked'' OR outcome = ''failed'')',
    'outcome IN (''ignored'', ''parked'', ''failed'')') WHERE name = 'webhook_events_open';
UPDATE sqlite_schema SET sql = replace(sql, '(kind = ''abandoned_checkout'' OR kind = ''sequence'' OR kind = ''campaign'')',
    'kind IN (''abandoned_checkout'', ''sequence'', ''campaign'')') WHERE name = 'email_logs_marketing_at';
PRAGMA writable_schema = RESET;
-- Tells whoever has the file open to read the schema again.
CREATE INDEX settings_reread ON settings (updated_at);
DROP INDEX settings_reread;
