//! The invoice of a customer: drawn up, sent, paid and called off in the shop, and changed in the sink.

use fastrand::Rng;
use transload_sandbox::{NewInvoice, PayInvoice, RankrKind};

use super::super::order::Payment;
use super::super::shop::{number, text};
use super::super::world::World;
use super::sale::{Edits, Sale};

/// An invoice for something else than the order, for the same customer.
pub(super) struct Bill {
    pub(super) id: String,
    pub(super) payments: Vec<Payment>,
    pub(super) edits: Edits,
    amount: u64,
    is_sent: bool,
    is_void: bool,
}

impl Sale {
    /// The merchant goes on with the bill.
    pub(super) fn bill(&mut self, rng: &mut Rng, world: &World) {
        let (currency, places) = (self.order.currency, self.order.places);
        let Some(bill) = &mut self.bill else {
            let amount = rng.u64(1..5_000);
            let new = NewInvoice {
                contact: Some(self.order.contact.clone()),
                currency: Some(currency.to_owned()),
                amount: Some(number(amount, places)),
                ..NewInvoice::default()
            };
            let id = world.offline.make_invoice(new, world.now()).unwrap();
            world.say(format!("SHOP invoice {id} of {} {currency} is made", text(amount, places)));
            world.count("bills");
            let (payments, edits) = (Vec::new(), Edits::default());
            self.bill = Some(Bill { id, payments, edits, amount, is_sent: false, is_void: false });
            return;
        };
        bill.go_on(rng, world, places);
    }

    /// Somebody in the sink changes the bill, which is the shop's; the order, if there is no bill.
    pub(super) fn edit_billed(&mut self, rng: &mut Rng, world: &World) -> Option<u64> {
        let Some(id) = self.bill.as_ref().map(|bill| bill.id.clone()) else {
            return self.edit_mirror(rng, world);
        };
        if let Err(later) = self.await_in_the_sink(rng, world, RankrKind::Invoice, &id) {
            return later;
        }
        let member = ["status", "amountDue"][rng.usize(..2)];
        if let Some(bill) = &mut self.bill {
            bill.edits.make(rng, world, self.terms, (RankrKind::Invoice, &id, member));
        }
        None
    }
}

impl Bill {
    fn go_on(&mut self, rng: &mut Rng, world: &World, places: u32) {
        let (id, now) = (&self.id, world.now());
        let due = self.amount - self.payments.iter().map(Payment::captured).sum::<u64>();
        if !self.is_sent {
            world.offline.send_invoice(id, now).unwrap();
            self.is_sent = true;
            world.say(format!("SHOP invoice {id} is sent"));
        } else if self.is_void || due == 0 {
            // What was given up or paid stays so.
        } else if self.payments.is_empty() && rng.u32(..4) == 0 {
            world.offline.void_invoice(id, now).unwrap();
            self.is_void = true;
            world.say(format!("SHOP invoice {id} is void"));
        } else {
            let amount = if rng.bool() { due } else { rng.u64(1..=due) };
            let succeeded = rng.u32(..4) > 0;
            let status = if succeeded { "succeeded" } else { "failed" };
            let pay = PayInvoice {
                amount: Some(number(amount, places)),
                status: Some(status.to_owned()),
                mode: None,
            };
            let payment = world.offline.pay_invoice(id, pay, now).unwrap();
            world.say(format!("SHOP {} of invoice {id}: {payment} {status}", text(amount, places)));
            self.payments.push(Payment::new(payment, amount, succeeded));
        }
    }
}
