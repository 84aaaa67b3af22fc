"""What shops call tables, columns, events and values: in several conventions, and in English, German, French, Spanish.

Words alone, as `plain` writes them. Not here: comparing them with what a feed has (column_matching.py, tables.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

_CUSTOMER = (
    "customer, customer id, customer no, customer number, customer key, cust id, client, client id, user, user id, "
    "account id, member id, household, household id, household key, shopper id, visitor id, buyer id, contact id, "
    "subscriber id, recipient id, profile id, person id, loyalty id, card id, kunde, kunden id, kunden nr, kundennr, "
    "kundennummer, kunde id, numero client, no client, id client, id cliente, cliente, cliente id, codigo cliente"
)
_ITEM = (
    "sku, sku id, item, item id, item no, item number, item sku, article, article no, article number, article id, "
    "artikel, artikel nr, artikelnr, artikelnummer, artikel id, product, product id, product no, product code, "
    "product sku, product number, upc, ean, gtin, asin, mpn, part number, part no, part id, material, variant id, "
    "stock code, reference, ref, id produit, code produit, ref produit, produit, id producto, codigo producto, "
    "producto, producto id, referencia, articulo, plu"
)
_TIME = "timestamp, time, date, datetime, created at, created on, created, date created, ts, when, datum, zeit, "
_TIME += "zeitpunkt, zeitstempel, fecha, date heure, day"
_ORDER = (
    "order, order id, order no, order number, order key, basket, basket id, transaction id, transaction no, invoice, "
    "invoice no, invoice number, invoice id, receipt, receipt id, receipt no, purchase id, bestellung, bestellung id, "
    "bestell nr, bestellnr, bestellnummer, auftrag, auftragsnummer, auftragsnr, rechnungsnummer, belegnummer, bonnr, "
    "bon nr, commande, commande id, id commande, numero commande, no commande, pedido, pedido id, id pedido, "
    "numero pedido, ticket, ticket id"
)
_QUANTITY = "quantity, qty, units, units sold, count, number of units, menge, anzahl, stueck, stuck, quantite, qte, "
_QUANTITY += "cantidad, unidades, pieces"
_PRICE = (
    "unit price, price, price per unit, item price, sale price, selling price, unit cost price, einzelpreis, preis, "
    "stueckpreis, stuckpreis, verkaufspreis, vk preis, prix, prix unitaire, prix vente, precio, precio unitario, "
    "list price, retail price, base price, price cents, unit price cents"
)
_ORDERED = (
    "order date, ordered at, ordered on, order time, order timestamp, purchased at, purchase date, transaction date, "
    "transaction time, transaction timestamp, invoice date, bestelldatum, bestellt am, bestellzeit, kaufdatum, "
    "auftragsdatum, rechnungsdatum, date commande, date de commande, date achat, fecha pedido, fecha compra, "
    "placed at, sold at, sale date, event time, event date, event timestamp, event at, occurred at, happened at, "
    "viewed at"
)
_CAMPAIGN = "campaign, campaign id, campaign name, campaign code, mailing, kampagne, kampagnen id, campagne, campana"
_SENT = "sent at, sent on, sent, send time, send date, sent date, mailed at, mail date, versendet am, versanddatum, "
_SENT += "date envoi, fecha envio"
_SEND = "send, send id, message id, mail id, email id, mailing id, delivery id, versand id, id envoi, envio id"


def plain(name: str) -> str:
    """A name in plain words: no accents, no capitals, one blank between words.

    >>> plain("ArtikelNr."), plain("Date de création"), plain("SKU_ID")
    ('artikel nr', 'date de creation', 'sku id')
    """
    text = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def squeezed(name: str) -> str:
    """The same without blanks: `order id`, `OrderID` and `orderid` are one name."""
    return plain(name).replace(" ", "")


COLUMNS: Mapping[str, str] = {
    "customer_id": _CUSTOMER,
    "item_id": _ITEM,
    "order_id": _ORDER,
    "event_ts": f"{_TIME}, {_ORDERED}",
    "ordered_at": f"{_TIME}, {_ORDERED}",
    "sent_at": f"{_TIME}, {_SENT}",
    "reported_at": f"{_TIME}, reported at, delivered at, bounced at, status date, delivery date, at",
    "happened_at": f"{_TIME}, opened at, clicked at, opened, clicked, interaction date, event time, at",
    "shown_at": f"{_TIME}, shown at, displayed at, impression time, mailed at, sent at, viewed at",
    "redeemed_at": f"{_TIME}, redeemed at, redemption date, redeemed on, used at, eingeloest am",
    "updated_at": "updated at, modified at, last modified, changed at, last update, geaendert am, updated on",
    "event_id": "event id, id event, line id, order line id, order item id, row id, position id",
    "event_name": "event name, event, event type, type, action, activity, ereignis, vorgang, evenement, evento",
    "quantity": _QUANTITY,
    "unit_price": _PRICE,
    "price": _PRICE,
    "cost": "cost, unit cost, cogs, purchase price, einkaufspreis, ek preis, ek, cout, prix achat, costo, coste",
    "is_promo": "is promo, promo, promotion, on promotion, aktion, en promotion, promocion, on sale, discounted",
    "channel": "channel, sales channel, source channel, kanal, canal, medium, platform",
    "send_id": _SEND,
    "treatment_id": "treatment, treatment id, template, template id, creative, creative id, variant, content id",
    "campaign_id": _CAMPAIGN,
    "arm": "arm, group, test group, segment, experiment group, variant, cell, bucket, gruppe, testgruppe, groupe",
    "propensity": "propensity, probability, weight, p, wahrscheinlichkeit",
    "status": "status, delivery status, state, result, zustellstatus, statut, estado",
    "failure_reason": "failure reason, bounce reason, reason, error, bounce type, grund, raison",
    "kind": "kind, type, event, event type, interaction, action, event name",
    "impression_id": "impression id, view id, showing id",
    "offer_id": "offer, offer id, coupon, coupon id, coupon upc, coupon code, promotion id, promo id, angebot, "
    "angebot id, offre, oferta, cupon, gutschein",
    "discount": "discount, discount share, discount rate, discount pct, discount percent, rabatt, remise, "
    "descuento, percent off",
    "starts_on": "starts on, start, start date, starts at, valid from, gueltig ab, gultig ab, date debut, "
    "debut, fecha inicio, from",
    "ends_on": "ends on, end, end date, ends at, valid to, valid until, gueltig bis, gultig bis, date fin, "
    "fin, fecha fin, until, to, expires",
    "email": "email, e mail, mail, email address, e mail address, e mail adresse, mailadresse, courriel, "
    "adresse email, correo, correo electronico",
    "phone": "phone, phone number, mobile, mobile phone, mobile number, cell, cell phone, telefon, telefonnummer, "
    "handy, handynummer, mobilnummer, telephone, numero telephone, portable, telefono, movil, celular, msisdn",
    "push_token": "push token, device token, fcm token, apns token, registration token, push id, geraetetoken",
    "opted_out_of": "opted out of, opt out, opted out, unsubscribed, unsubscribed from, do not contact, suppressed, "
    "abgemeldet, werbesperre, desabonne, desinscrit, dado de baja",
    "vehicle_year": "vehicle year, year, model year, car year, baujahr, modelljahr, annee, ano",
    "vehicle_make": "vehicle make, make, car make, manufacturer, marke, hersteller, marque, marca",
    "vehicle_model": "vehicle model, model, car model, modell, modele, modelo",
    "business_type": "business type, business, customer type, kind of business, branche, secteur, type client, "
    "kundentyp, industry",
    "name": "name, title, product name, item name, description, product title, bezeichnung, artikelname, "
    "produktname, libelle, designation, nom, nombre, descripcion, product description",
    "category": "category, product category, product type, part type, department, kategorie, warengruppe, "
    "categorie, rayon, categoria, type, commodity",
    "brand": "brand, maker, manufacturer, vendor, marke, hersteller, marque, marca",
    "group_id": "group id, product group, group, family, produktgruppe, produktfamilie, famille, familia, "
    "parent sku, parent id",
    "tags": "tags, labels, keywords, schlagworte, etiquettes, etiquetas",
    "image_url": "image url, image, picture, photo, bild, bild url, image link, imagen",
    "price_tier": "price tier, tier, preisklasse, gamme",
    "is_own_brand": "is own brand, own brand, private label, eigenmarke, marque propre, marca propia",
    "is_fresh": "is fresh, fresh, frisch, frais, fresco",
    "order_line_id": "order line id, line id, position id, order item id, row id",
}
"""Names of a column, by canonical name."""

TABLES: Mapping[str, str] = {
    "events": "events, event, orders, order, order lines, order items, line items, sales, transactions, "
    "transaction, purchases, clickstream, bestellungen, bestellpositionen, auftraege, verkaeufe, umsaetze, "
    "umsatz, commandes, lignes commande, ventes, achats, pedidos, ventas, compras, receipts, baskets, "
    "kassenbons, positionen, web events, activity",
    "treatments": "treatments, sends, mailings, messages, campaign sends, emails sent, email sends, mails, "
    "versand, newsletter, envois, envios, mailed, campaigns mailed, contacts sent, assignments, recipients",
    "deliveries": "deliveries, delivery, bounces, delivery report, zustellungen, livraisons mails, entregas",
    "interactions": "interactions, opens, clicks, engagement, opens clicks, oeffnungen, klicks, ouvertures",
    "customers": "customers, customer, clients, users, members, profiles, households, shoppers, accounts, "
    "subscribers, kunden, kundenstamm, clientes, contacts, crm",
    "catalog": "catalog, catalogue, products, product, items, articles, skus, artikel, artikelstamm, produkte, "
    "katalog, sortiment, produits, productos, catalogo, assortment, inventory, parts, price list",
    "fitment": "fitment, fitments, fits, compatibility, vehicle parts, applications, vehicle fitment, "
    "fahrzeugzuordnung, compatibilite, aces",
    "order_history": "order history, past orders, historical orders, orders history, history, archive, "
    "bestellhistorie, historie, historique, historial",
    "impressions": "impressions, offers shown, offer views, shown offers, coupons sent, coupon impressions, "
    "einblendungen, affichages",
    "redemptions": "redemptions, coupon redemptions, redeemed, coupons redeemed, einloesungen, utilisations",
    "offers": "offers, offer, coupons, coupon, promotions, vouchers, angebote, gutscheine, offres, ofertas, cupones",
    "offer_items": "offer items, coupon items, coupon products, offer products, offer articles, coupons products",
}

EVENTS: Mapping[str, str] = {
    "product_viewed": "product viewed, view, viewed, page view, pageview, product view, view item, item viewed, "
    "detail view, click, produktansicht, ansicht, angesehen, vue, vue produit, consultation, vista, visto",
    "cart_updated": "cart updated, add to cart, added to cart, cart, cart add, addtocart, basket add, "
    "add to basket, warenkorb, in den warenkorb, ajout panier, panier, anadir al carrito, carrito",
    "order_line": "order line, purchase, purchased, buy, bought, sale, sold, order item, ordered, transaction, "
    "item purchased, kauf, gekauft, verkauf, achat, vente, compra, venta, bestellposition, order",
    "order_placed": "order placed, order completed, checkout, checkout completed, placed order, conversion, "
    "bestellung aufgegeben, bestellung, commande passee, commande, pedido realizado, pedido",
    "order_refunded": "order refunded, refund, refunded, return, returned, item returned, cancelled, credit note, "
    "retoure, rueckgabe, erstattung, storno, remboursement, retour, devolucion, reembolso",
}

CHOICES: Mapping[str, str] = {
    "delivered": "delivered, delivery, ok, success, sent, accepted, zugestellt, livre, entregado",
    "failed": "failed, bounce, bounced, hard bounce, soft bounce, error, dropped, rejected, blocked, "
    "nicht zugestellt, echec, rebotado",
    "VIEWED": "viewed, view, open, opened, opens, geoeffnet, ouvert, ouverture, abierto, apertura",
    "CLICKED": "clicked, click, clicks, geklickt, klick, clic, clique",
}
"""Of columns that hold one of a few words."""

TOTALS = "total, line total, amount, sales value, revenue, line amount, umsatz, betrag, montant, importe, net sales"
"""What a row cost, all of its units together."""

CENTS = frozenset({"cents", "cent", "ct", "centimes", "centavos", "minor"})
"""A word in a price's name that says that it is not in whole units of the currency."""


def names(words: str) -> frozenset[str]:
    """The names of a list, squeezed; an umlaut may be written with an e or without."""
    listed = {squeezed(word) for word in words.split(",")}
    return frozenset(listed | {re.sub(r"([aou])e", r"\1", word) for word in listed})
