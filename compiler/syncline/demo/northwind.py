"""Customers of Northwind Traders, the well-known sample database: code, company, contact, city, country, phone."""

CUSTOMERS = tuple(
    tuple(line.split("|"))
    for line in """\
ALFKI|Alfreds Futterkiste|Maria Anders|Berlin|Germany|030-0074321
ANATR|Ana Trujillo Emparedados y helados|Ana Trujillo|México D.F.|Mexico|(5) 555-4729
ANTON|Antonio Moreno Taquería|Antonio Moreno|México D.F.|Mexico|(5) 555-3932
AROUT|Around the Horn|Thomas Hardy|London|UK|(171) 555-7788
BERGS|Berglunds snabbköp|Christina Berglund|Luleå|Sweden|0921-12 34 65
BLAUS|Blauer See Delikatessen|Hanna Moos|Mannheim|Germany|0621-08460
BLONP|Blondesddsl père et fils|Frédérique Citeaux|Strasbourg|France|88.60.15.31
BOLID|Bólido Comidas preparadas|Martín Sommer|Madrid|Spain|(91) 555 22 82
BONAP|Bon app'|Laurence Lebihan|Marseille|France|91.24.45.40
BOTTM|Bottom-Dollar Markets|Elizabeth Lincoln|Tsawassen|Canada|(604) 555-4729
BSBEV|B's Beverages|Victoria Ashworth|London|UK|(171) 555-1212
CACTU|Cactus Comidas para llevar|Patricio Simpson|Buenos Aires|Argentina|(1) 135-5555
CENTC|Centro comercial Moctezuma|Francisco Chang|México D.F.|Mexico|(5) 555-3392
CHOPS|Chop-suey Chinese|Yang Wang|Bern|Switzerland|0452-076545
COMMI|Comércio Mineiro|Pedro Afonso|Sao Paulo|Brazil|(11) 555-7647
CONSH|Consolidated Holdings|Elizabeth Brown|London|UK|(171) 555-2282
DRACD|Drachenblut Delikatessen|Sven Ottlieb|Aachen|Germany|0241-039123
DUMON|Du monde entier|Janine Labrune|Nantes|France|40.67.88.88
EASTC|Eastern Connection|Ann Devon|London|UK|(171) 555-0297
ERNSH|Ernst Handel|Roland Mendel|Graz|Austria|7675-3425
FAMIA|Familia Arquibaldo|Aria Cruz|Sao Paulo|Brazil|(11) 555-9857
FOLKO|Folk och fä HB|Maria Larsson|Bräcke|Sweden|0695-34 67 21
FRANK|Frankenversand|Peter Franken|München|Germany|089-0877310
FRANR|France restauration|Carine Schmitt|Nantes|France|40.32.21.21
FRANS|Franchi S.p.A.|Paolo Accorti|Torino|Italy|011-4988260
FURIB|Furia Bacalhau e Frutos do Mar|Lino Rodriguez|Lisboa|Portugal|(1) 354-2534
GALED|Galería del gastrónomo|Eduardo Saavedra|Barcelona|Spain|(93) 203 4560
GODOS|Godos Cocina Típica|José Pedro Freyre|Sevilla|Spain|(95) 555 82 82
GOURL|Gourmet Lanchonetes|André Fonseca|Campinas|Brazil|(11) 555-9482
GREAL|Great Lakes Food Market|Howard Snyder|Eugene|USA|(503) 555-7555
GROSR|GROSELLA-Restaurante|Manuel Pereira|Caracas|Venezuela|(2) 283-2951
HANAR|Hanari Carnes|Mario Pontes|Rio de Janeiro|Brazil|(21) 555-0091
HILAA|HILARION-Abastos|Carlos Hernández|San Cristóbal|Venezuela|(5) 555-1340
HUNGC|Hungry Coyote Import Store|Yoshi Latimer|Elgin|USA|(503) 555-6874
HUNGO|Hungry Owl All-Night Grocers|Patricia McKenna|Cork|Ireland|2967 542
ISLAT|Island Trading|Helen Bennett|Cowes|UK|(198) 555-8888
KOENE|Königlich Essen|Philip Cramer|Brandenburg|Germany|0555-09876
LACOR|La corne d'abondance|Daniel Tonini|Versailles|France|30.59.84.10
LAMAI|La maison d'Asie|Annette Roulet|Toulouse|France|61.77.61.10
LAUGB|Laughing Bacchus Wine Cellars|Yoshi Tannamuri|Vancouver|Canada|(604) 555-3392
LEHMS|Lehmanns Marktstand|Renate Messner|Frankfurt a.M.|Germany|069-0245984
LILAS|LILA-Supermercado|Carlos González|Barquisimeto|Venezuela|(9) 331-6954
MAGAA|Magazzini Alimentari Riuniti|Giovanni Rovelli|Bergamo|Italy|035-640230
MAISD|Maison Dewey|Catherine Dewey|Bruxelles|Belgium|(02) 201 24 67
MORGK|Morgenstern Gesundkost|Alexander Feuer|Leipzig|Germany|0342-023176
NORTS|North/South|Simon Crowther|London|UK|(171) 555-7733
OTTIK|Ottilies Käseladen|Henriette Pfalzheim|Köln|Germany|0221-0644327
PARIS|Paris spécialités|Marie Bertrand|Paris|France|(1) 42.34.22.66
PERIC|Pericles Comidas clásicas|Guillermo Fernández|México D.F.|Mexico|(5) 552-3745
PICCO|Piccolo und mehr|Georg Pipps|Salzburg|Austria|6562-9722
QUEDE|Que Delícia|Bernardo Batista|Rio de Janeiro|Brazil|(21) 555-4252
QUICK|QUICK-Stop|Horst Kloss|Cunewalde|Germany|0372-035188
RANCH|Rancho grande|Sergio Gutiérrez|Buenos Aires|Argentina|(1) 123-5555
REGGC|Reggiani Caseifici|Maurizio Moroni|Reggio Emilia|Italy|0522-556721
RICAR|Ricardo Adocicados|Janete Limeira|Rio de Janeiro|Brazil|(21) 555-3412
RICSU|Richter Supermarkt|Michael Holz|Genève|Switzerland|0897-034214
ROMEY|Romero y tomillo|Alejandra Camino|Madrid|Spain|(91) 745 6200
SANTG|Santé Gourmet|Jonas Bergulfsen|Stavern|Norway|07-98 92 35
SAVEA|Save-a-lot Markets|Jose Pavarotti|Boise|USA|(208) 555-8097
SEVES|Seven Seas Imports|Hari Kumar|London|UK|(171) 555-1717
SIMOB|Simons bistro|Jytte Petersen|København|Denmark|31 12 34 56
SPECD|Spécialités du monde|Dominique Perrier|Paris|France|(1) 47.55.60.10
SUPRD|Suprêmes délices|Pascale Cartrain|Charleroi|Belgium|(071) 23 67 22 20
TOMSP|Toms Spezialitäten|Karin Josephs|Münster|Germany|0251-031259
TORTU|Tortuga Restaurante|Miguel Angel Paolino|México D.F.|Mexico|(5) 555-2933
VAFFE|Vaffeljernet|Palle Ibsen|Århus|Denmark|86 21 32 43
VICTE|Victuailles en stock|Mary Saveley|Lyon|France|78.32.54.86
WANDK|Die Wandernde Kuh|Rita Müller|Stuttgart|Germany|0711-020361
WARTH|Wartian Herkku|Pirkko Koskitalo|Oulu|Finland|981-443655
WHITC|White Clover Markets|Karl Jablonski|Seattle|USA|(206) 555-4112
WILMK|Wilman Kala|Matti Karttunen|Helsinki|Finland|90-224 8858
WOLZA|Wolski Zajazd|Zbyszek Piestrzeniewicz|Warszawa|Poland|(26) 642-7012
""".splitlines()
)
